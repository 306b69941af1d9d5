/**
 * With what node runs the embedded sync service (`npm run shape-server` says the same). A small new space: what a long poll leaves is collected
 * before it spreads over memory, 21 KB instead of 31 for each shape with its reader, and a fan-out is no slower
 * (docs/decisions/0018-speed-of-the-sync-service.md).
 */
export const SHAPE_SERVER_ARGS = ['--max-semi-space-size=4', 'scripts/run.mjs', 'shape-server/main.ts'] as const
