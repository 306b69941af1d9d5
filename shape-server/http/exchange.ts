import type { IncomingMessage, ServerResponse } from 'node:http'
import { ELECTRIC_HEADERS } from '@/lib/protocol/names'
import type { ShapeServerConfig } from '../config'
import { cacheHeaders, commonHeaders } from './headers'
import type { HeaderList } from './headers'

const SHAPE_METHODS = 'GET, POST, HEAD, DELETE, OPTIONS'
// Less fits into the kernel's buffers whether it is read or not.
const WATCHED_BYTES = 64 * 1024
const LOOKS = 4
const JSON_TYPE = 'application/json; charset=utf-8'

/** Bytes of a body; short ones as Latin-1 text, a character for each byte. */
export type WholeBody = string | Buffer

/** Node writes a text together with the headers, in one stroke and without a request of its own; up to this size that is cheapest. */
const TEXT_BYTES_MAX = 8 * 1024

export function toBody(bytes: Buffer): WholeBody {
  return bytes.length <= TEXT_BYTES_MAX ? bytes.toString('latin1') : bytes
}

/** What is known about the answer so far. */
export interface Facts {
  handle: string | null
  requestOffset: string | null
  live: 'no' | 'long-poll' | 'sse'
  isSubset: boolean
}

/** One request on /v1/shape and its answer. */
export class Exchange {
  readonly facts: Facts = { handle: null, requestOffset: null, live: 'no', isSubset: false }
  /** Which of the limits on concurrent requests it counts against; null for neither. */
  admittedAs: 'initial' | 'existing' | null = null
  /** The client is gone, or was answered. */
  isGone = false
  private onGone: (() => void) | null = null

  constructor(
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
    readonly config: ShapeServerConfig,
  ) {}

  /** Whom to tell when the client is gone; the one who waits for something, so there is one at a time. */
  tellWhenGone(onGone: (() => void) | null): void {
    this.onGone = onGone
  }

  /** The response has closed. */
  close(): void {
    this.isGone = true
    this.onGone?.()
  }

  get method(): string {
    return this.request.method ?? 'GET'
  }

  /** Headers of an answer with this status, for node's raw form. */
  headers(status: number, extra: HeaderList): HeaderList {
    return [...commonHeaders(this.request, SHAPE_METHODS), ...this.sharedHeaders(status, extra)]
  }

  /** Those of them that are the same in the answers to all who ask the same. */
  sharedHeaders(status: number, extra: HeaderList): HeaderList {
    const { handle, requestOffset, live, isSubset } = this.facts
    const isFromStart = requestOffset === '-1'
    const cacheInput = { method: this.method, status, isSubset, hasHandle: handle !== null, isFromStart, live }
    const headers = cacheHeaders(cacheInput, this.config)
    if (handle !== null) headers.push(ELECTRIC_HEADERS.handle, handle)
    headers.push(...extra)
    return headers
  }

  /** Answers with a whole body. */
  send(status: number, body: string | Buffer, extra: HeaderList = []): void {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body
    this.sendWhole(status, this.sharedHeaders(status, extra), toBody(bytes))
  }

  /** Answers with a whole body and headers that may be those of other answers too. */
  sendWhole(status: number, shared: HeaderList, body: WholeBody): void {
    if (this.response.headersSent || this.response.destroyed) return
    const headers = commonHeaders(this.request, SHAPE_METHODS)
    headers.push(...shared, 'content-type', JSON_TYPE, 'content-length', String(body.length))
    this.response.writeHead(status, headers)
    if (this.method === 'HEAD') this.response.end()
    else if (typeof body === 'string') this.response.end(body, 'latin1')
    else this.response.end(body)
    this.watchEnd()
  }

  sendJson(status: number, body: unknown, extra: HeaderList = []): void {
    this.send(status, JSON.stringify(body), extra)
  }

  /** An answer without a body. */
  sendEmpty(status: number, extra: HeaderList = []): void {
    if (this.response.headersSent || this.response.destroyed) return
    this.response.writeHead(status, [
      ...this.headers(status, extra),
      ...(status === 304 ? [] : ['content-length', '0']),
    ])
    this.response.end()
  }

  /** Begins a body whose length is not known. */
  begin(status: number, extra: HeaderList, contentType = JSON_TYPE): void {
    this.response.writeHead(status, [...this.headers(status, extra), 'content-type', contentType])
    if (this.method === 'HEAD') this.response.end()
  }

  /** Writes a piece of the body; a promise means that the client takes no more at present. */
  writeOrWait(piece: Uint8Array): Promise<void> | null {
    if (this.response.destroyed || this.method === 'HEAD' || this.response.write(piece)) return null
    return this.drained()
  }

  /** Writes a piece of the body; resolves when the client can take more. False when it is gone. */
  async write(piece: Uint8Array | string): Promise<boolean> {
    if (this.response.destroyed) return false
    if (this.method === 'HEAD' || this.response.write(piece)) return true
    await this.drained()
    return !this.response.destroyed
  }

  /** Writes a piece of the body; resolves when the kernel has it and its bytes may be used again. False when the client is gone. */
  async writeThrough(piece: Uint8Array): Promise<boolean> {
    if (this.response.destroyed) return false
    if (this.method === 'HEAD') return true
    await new Promise<void>((resolve) => {
      const keep = this.cutLater()
      const done = () => {
        keep()
        this.response.off('close', done)
        resolve()
      }
      this.response.on('close', done)
      this.response.write(piece, done)
    })
    return !this.response.destroyed
  }

  /** Resolves when the client has taken what was written; one that takes nothing for too long is cut. */
  private drained(): Promise<void> {
    return new Promise((resolve) => {
      const keep = this.cutLater()
      const done = () => {
        keep()
        this.response.off('drain', done)
        this.response.off('close', done)
        resolve()
      }
      this.response.on('drain', done)
      this.response.on('close', done)
    })
  }

  /** A whole body was handed over: cuts the client if it does not take it. */
  private watchEnd(): void {
    if (this.response.writableFinished || this.response.writableLength < WATCHED_BYTES) return
    this.response.once('close', this.cutLater())
  }

  /**
   * Cuts the client unless the function returned is called in time. Time is counted in looks: when we were busy ourselves, what the
   * client has taken meanwhile is known only after the next look at the sockets.
   */
  private cutLater(): () => void {
    let looks = 0
    const timer = setInterval(() => {
      if (++looks === LOOKS) this.response.destroy()
    }, this.config.tcpSendTimeoutMs / LOOKS)
    return () => clearInterval(timer)
  }
}
