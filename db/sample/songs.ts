/** What the sample bands play. Lyrics are our own; of other people's songs only what a band notes down. */
export interface SampleSong {
  title: string
  artist: string | null
  key: string
  tempo_bpm: number
  /** `m:ss` */
  length: string
  status: 'idea' | 'learning' | 'ready' | 'retired'
  tags: string[]
  tuning?: string
  lyrics?: string
  notes?: string
}

const song = (
  title: string,
  artist: string | null,
  key: string,
  tempo_bpm: number,
  length: string,
  status: SampleSong['status'],
  tags: string[],
  more: Pick<SampleSong, 'tuning' | 'lyrics' | 'notes'> = {},
): SampleSong => ({ title, artist, key, tempo_bpm, length, status, tags, ...more })

export const NIGHT_SHIFT_REPERTOIRE: readonly SampleSong[] = [
  song('Last Train Out', null, 'Em', 128, '3:52', 'ready', ['original', 'opener'], {
    lyrics:
      'Platform lights are humming low\nNobody left to wave hello\n\nTake the last train out of here\nEvery station disappears\nTake the last train, hold the line\nMorning finds us right on time',
    notes: 'Four bars of drums, then everybody. Stop on the last "time".',
  }),
  song('Night Shift', null, 'Am', 96, '4:10', 'ready', ['original'], {
    lyrics: 'Coffee at a quarter to three\nNeon is the only company\n\nWe are the night shift\nWe keep the city warm',
    notes: 'Alex sings the second verse.',
  }),
  song('Paper Boats', null, 'D', 84, '3:34', 'ready', ['original', 'ballad'], {
    lyrics: 'Fold the letters you never sent\nSet them down where the river bent',
    tuning: 'Drop D',
  }),
  song('Streetlight Season', null, 'G', 118, '3:21', 'ready', ['original', 'upbeat']),
  song('Borrowed Umbrella', null, 'C', 104, '3:05', 'ready', ['original'], { notes: 'Brushes until the bridge.' }),
  song('Half Past Never', null, 'Bm', 132, '3:47', 'ready', ['original', 'upbeat']),
  song('Slow Elevator', null, 'F', 76, '4:42', 'learning', ['original', 'ballad'], {
    notes: 'Key change after the solo still falls apart: count it.',
  }),
  song('Harbour Road', null, 'A', 112, '3:58', 'ready', ['original', 'closer']),
  song('Static and Rain', null, 'Em', 92, '4:25', 'ready', ['original']),
  song('Kitchen Radio', null, 'E', 124, '2:58', 'ready', ['original', 'upbeat']),
  song('The Long Way Round', null, 'D', 100, '4:03', 'learning', ['original'], { tuning: 'DADGAD' }),
  song('Second Hand Suit', null, 'Bb', 138, '2:49', 'ready', ['original', 'upbeat'], { notes: 'Horn line on guitar.' }),
  song('Winter Tyres', null, 'Gm', 88, '3:40', 'learning', ['original']),
  song('Every Other Sunday', null, 'C', 94, '3:16', 'ready', ['original']),
  song('Exit Music for a Car Park', null, 'F#m', 108, '4:31', 'idea', ['original'], {
    notes: 'Only the riff and a chorus so far. Voice memo in the chat.',
  }),
  song('Glass Houses', null, 'Am', 120, '3:28', 'idea', ['original']),
  song('Postcards', null, 'G', 80, '3:55', 'idea', ['original', 'ballad']),
  song('Turn the Key', null, 'E', 140, '2:37', 'learning', ['original', 'upbeat']),
  song('Goodnight, Miss Green', null, 'Dm', 72, '4:12', 'ready', ['original', 'ballad', 'closer']),
  song('Lights of the Refinery', null, 'Cm', 98, '5:04', 'ready', ['original'], {
    notes: 'Long intro when the room is quiet.',
  }),
  song('Wonderwall', 'Oasis', 'F#m', 87, '4:18', 'ready', ['cover', 'singalong'], {
    notes: 'Capo 2. Let them sing the last chorus.',
  }),
  song('Valerie', 'The Zutons', 'Eb', 111, '3:54', 'ready', ['cover', 'upbeat', 'singalong']),
  song('Dreams', 'Fleetwood Mac', 'F', 120, '4:17', 'ready', ['cover']),
  song('Jolene', 'Dolly Parton', 'C#m', 111, '2:42', 'ready', ['cover'], { notes: 'Capo 4, Mia counts in.' }),
  song('Heroes', 'David Bowie', 'D', 113, '3:35', 'ready', ['cover', 'closer']),
  song('Go Your Own Way', 'Fleetwood Mac', 'F', 136, '3:38', 'learning', ['cover', 'upbeat']),
  song('Psycho Killer', 'Talking Heads', 'A', 123, '4:20', 'ready', ['cover']),
  song('Ain’t No Sunshine', 'Bill Withers', 'Am', 78, '2:05', 'ready', ['cover', 'ballad']),
  song('Sweet Dreams', 'Eurythmics', 'Cm', 125, '3:36', 'ready', ['cover', 'singalong']),
  song('Creep', 'Radiohead', 'G', 92, '3:57', 'ready', ['cover', 'singalong']),
  song('Mr. Brightside', 'The Killers', 'Db', 148, '3:43', 'ready', ['cover', 'upbeat', 'singalong'], {
    tuning: 'Half step down',
  }),
  song('Use Somebody', 'Kings of Leon', 'C', 137, '3:51', 'learning', ['cover']),
  song('Where Is My Mind?', 'Pixies', 'E', 80, '3:53', 'ready', ['cover', 'closer']),
  song('Rolling in the Deep', 'Adele', 'Cm', 105, '3:48', 'retired', ['cover']),
  song('Little Lion Man', 'Mumford & Sons', 'Dm', 138, '4:05', 'retired', ['cover', 'upbeat'], { tuning: 'Open F' }),
  song('Take Me to Church', 'Hozier', 'Em', 129, '4:01', 'retired', ['cover']),
  song('Fast Car', 'Tracy Chapman', 'A', 104, '4:56', 'ready', ['cover', 'ballad']),
  song('Losing My Religion', 'R.E.M.', 'Am', 126, '4:28', 'ready', ['cover']),
  song('Seven Nation Army', 'The White Stripes', 'Em', 124, '3:52', 'ready', ['cover', 'singalong']),
  song('Hallelujah', 'Leonard Cohen', 'C', 56, '4:39', 'retired', ['cover', 'ballad']),
]

export const PAPER_LIONS_REPERTOIRE: readonly SampleSong[] = [
  song('Origami', null, 'E', 116, '3:12', 'ready', ['original']),
  song('Matchstick Circus', null, 'Gm', 134, '2:55', 'ready', ['original']),
  song('Tin Crown', null, 'D', 90, '4:08', 'learning', ['original'], { lyrics: 'Wear it like you mean it now' }),
  song('Small Roar', null, 'Am', 122, '3:26', 'ready', ['original']),
  song('Moonage Daydream', 'David Bowie', 'D', 84, '4:40', 'learning', ['cover']),
  song('Blister in the Sun', 'Violent Femmes', 'G', 98, '2:25', 'ready', ['cover']),
]
