import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { peerAddress, tellPeerAddresses } from '../peer-address'
import { clientAddress, networkOf } from './client-address'

const peer = '10.0.0.1'

test('without proxies of our own nothing that a client writes is believed', () => {
  for (const forwardedFor of [null, '', '1.1.1.1', '1.1.1.1, 2.2.2.2']) {
    expect(clientAddress({ forwardedFor, peer, trustedProxies: 0 })).toBe(peer)
  }
})

test('behind proxies of our own the outermost of them says who asked', () => {
  const made = '6.6.6.6, 7.7.7.7'
  expect(clientAddress({ forwardedFor: `${made}, 1.1.1.1`, peer, trustedProxies: 1 })).toBe('1.1.1.1')
  expect(clientAddress({ forwardedFor: `${made}, 1.1.1.1, 2.2.2.2`, peer, trustedProxies: 2 })).toBe('1.1.1.1')
})

test('where the platform hides the connection, the proxies are still believed', () => {
  expect(clientAddress({ forwardedFor: '6.6.6.6, 1.1.1.1', peer: null, trustedProxies: 1 })).toBe('1.1.1.1')
  expect(clientAddress({ forwardedFor: '6.6.6.6', peer: null, trustedProxies: 0 })).toBe('unknown')
})

test('a request that went around our proxies counts for whoever sent it', () => {
  expect(clientAddress({ forwardedFor: null, peer, trustedProxies: 1 })).toBe(peer)
  expect(clientAddress({ forwardedFor: '6.6.6.6', peer, trustedProxies: 2 })).toBe(peer)
})

test('an IPv6 network counts as one, whichever of its addresses asks; an IPv4 address is one in either spelling', () => {
  expect(networkOf('2001:db8::1')).toBe('2001:db8:0:0::/64')
  expect(networkOf('2001:0DB8:0:0:ffff:1:2:3')).toBe('2001:db8:0:0::/64')
  expect(networkOf('2001:db8:0:1::1')).not.toBe(networkOf('2001:db8::1'))
  expect(networkOf('fe80::1%eth0')).toBe('fe80:0:0:0::/64')
  expect(networkOf('::1')).toBe('0:0:0:0::/64')
  expect(networkOf('::ffff:10.0.0.1')).toBe('10.0.0.1')
  expect(networkOf('10.0.0.1')).toBe('10.0.0.1')
  expect(networkOf('unknown')).toBe('unknown')
})

test('a server of this process knows where a request came from, whatever its headers claim', async () => {
  tellPeerAddresses()
  const server = createServer((request, response) => {
    const headers = new Headers(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    response.end(peerAddress(headers))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const { port } = server.address() as AddressInfo
    const headers = { 'x-forwarded-for': '6.6.6.6', 'backline-peer': '6.6.6.6' }
    const answer = await fetch(`http://127.0.0.1:${port}`, { headers })
    expect(await answer.text()).toBe('127.0.0.1')
  } finally {
    server.closeAllConnections()
    server.close()
  }
})
