export function bundle(entry: string): Promise<string>
export function bundleWhole(entry: string, file: string): Promise<void>
export function run(entry: string, args: readonly string[]): Promise<void>
