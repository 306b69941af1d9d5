/** The columns that heading and rows share on wide screens; on phones a row is two lines. */
export const COLUMNS =
  'grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-2 px-4 sm:px-6 lg:grid-cols-[minmax(0,1.6fr)_minmax(0,1fr)_4.5rem_4.5rem_4.5rem_7.5rem_minmax(0,0.9fr)_2.5rem]'
