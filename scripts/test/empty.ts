// Stands for the marker packages server-only and client-only under vitest (vitest.config.ts).
export {}
