/** One stage of a Dockerfile, with what the tests carry out. */
export type Stage = {
  name: string
  workdir: string
  environment: Record<string, string>
  steps: Step[]
  command: string[]
  healthcheck: string
}

export type Step =
  { kind: 'run'; command: string } | { kind: 'copy'; from: string | undefined; sources: string[]; target: string }

/** Reads the instructions that our Dockerfile uses; throws on any other, so that nothing is skipped silently. */
export function readDockerfile(source: string): Stage[] {
  const stages: Stage[] = []
  for (const line of source.split('\n').filter((text) => text.trim() !== '' && !text.startsWith('#'))) {
    const [, instruction = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? []
    if (instruction === 'FROM') stages.push(emptyStage(rest))
    else apply(stages.at(-1) ?? emptyStage(''), instruction, rest)
  }
  return stages
}

function apply(stage: Stage, instruction: string, rest: string): void {
  switch (instruction) {
    case 'WORKDIR':
      stage.workdir = rest
      return
    case 'ENV':
      Object.assign(stage.environment, Object.fromEntries(rest.split(' ').map((pair) => pair.split('='))))
      return
    case 'RUN':
      stage.steps.push({ kind: 'run', command: rest })
      return
    case 'COPY':
      stage.steps.push(readCopy(rest))
      return
    case 'CMD':
      stage.command = JSON.parse(rest) as string[]
      return
    case 'HEALTHCHECK':
      stage.healthcheck = rest.replace(/^.*?\bCMD\s+/, '')
      return
    case 'USER':
    case 'EXPOSE':
      return
    default:
      throw new Error(`The test does not know the instruction ${instruction}`)
  }
}

function readCopy(rest: string): Step {
  const words = rest.split(' ')
  const from = words[0]?.startsWith('--from=') ? words.shift()?.slice('--from='.length) : undefined
  return { kind: 'copy', from, sources: words.slice(0, -1), target: words.at(-1) ?? '' }
}

function emptyStage(rest: string): Stage {
  return {
    name: / AS (\w+)$/i.exec(rest)?.[1] ?? '',
    workdir: '/',
    environment: {},
    steps: [],
    command: [],
    healthcheck: '',
  }
}
