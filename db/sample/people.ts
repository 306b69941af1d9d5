import type { bandMembers, bands, invites, projects, projectUsers, users } from '../schema'
import {
  DEMO_PROJECT,
  EP_PROJECT,
  NIGHT_SHIFT,
  PAPER_LIONS,
  SAMPLE_INVITE_CODE,
  SAMPLE_MEMBERS,
  SAMPLE_USERS,
  sampleId,
  type SampleUser,
} from '../sample-ids'
import { madeBy, type SampleClock } from './clock'

// bcrypt of SAMPLE_PASSWORD. Kept, because a fresh hash has a fresh salt and a reset must give the same data.
export const PASSWORD_HASH = '$2b$10$S0aoxndi4J98DtL4dVfPQeUJgUV3M5Fea6DJTWWxmBvRrhQ7jG0b6'

/** Accounts, bands, memberships, projects and an open invite. */
export function samplePeople(clock: SampleClock) {
  const { sarah, alex, noah, mia, olga } = SAMPLE_USERS
  const { nightShift, paperLions } = SAMPLE_MEMBERS
  const founded = clock.at(-400, 1140)

  const member = (
    id: string,
    band: string,
    user: SampleUser,
    role: 'owner' | 'collaborator' | 'viewer',
    days: number,
  ) => ({
    id,
    band_id: band,
    user_id: SAMPLE_USERS[user].id,
    role,
    joined_at: clock.at(days, 1140),
    display_name: SAMPLE_USERS[user].name,
    ...madeBy(SAMPLE_USERS[user].id, clock.at(days, 1140)),
  })
  const projectUser = (
    n: number,
    project: string,
    user: SampleUser,
    role: 'owner' | 'collaborator',
    owner: string,
  ) => ({
    id: sampleId('project_user', n),
    project_id: project,
    user_id: SAMPLE_USERS[user].id,
    role,
    display_name: SAMPLE_USERS[user].name,
    ...madeBy(owner, clock.at(-60, 1200 + n)),
  })

  return {
    users: [sarah, alex, noah, mia, olga].map((user) => ({
      ...user,
      email_verified: founded,
      password_hash: PASSWORD_HASH,
      is_sample: true,
      created_at: founded,
    })) satisfies (typeof users.$inferInsert)[],
    bands: [
      {
        id: NIGHT_SHIFT,
        name: 'The Night Shift',
        context_audience:
          'People who dance before midnight and listen after it: clubs of 80 to 300, two festivals a summer.',
        context_pitch: 'Five-to-midnight indie: big choruses, small hours.',
        context_challenges: ['No fixed drummer in spring', 'Van is too small for two keyboards'],
        context_goals: ['Record the EP by June', 'Play ten shows outside town', 'One new song a month'],
        ...madeBy(sarah.id, founded),
      },
      {
        id: PAPER_LIONS,
        name: 'Paper Lions',
        context_pitch: 'Loud songs about small animals.',
        context_goals: ['First own show'],
        ...madeBy(olga.id, clock.at(-120, 1080)),
      },
    ] satisfies (typeof bands.$inferInsert)[],
    bandMembers: [
      member(nightShift.sarah, NIGHT_SHIFT, 'sarah', 'owner', -400),
      member(nightShift.alex, NIGHT_SHIFT, 'alex', 'collaborator', -399),
      member(nightShift.noah, NIGHT_SHIFT, 'noah', 'collaborator', -398),
      member(nightShift.mia, NIGHT_SHIFT, 'mia', 'viewer', -40),
      member(paperLions.olga, PAPER_LIONS, 'olga', 'owner', -120),
      member(paperLions.noah, PAPER_LIONS, 'noah', 'collaborator', -119),
    ] satisfies (typeof bandMembers.$inferInsert)[],
    invites: [
      {
        id: sampleId('invite', 1),
        band_id: NIGHT_SHIFT,
        code: SAMPLE_INVITE_CODE,
        role: 'viewer',
        expires_at: clock.at(30),
        ...madeBy(sarah.id, clock.at(-1, 900)),
      },
    ] satisfies (typeof invites.$inferInsert)[],
    projects: [
      {
        id: EP_PROJECT,
        band_id: NIGHT_SHIFT,
        name: 'Night Shift EP',
        duration_samples: 44_100 * 1_043,
        notes: 'Five songs, two days in the studio, the rest at Noah’s.\nOrder: Last Train Out first.',
        ...madeBy(sarah.id, clock.at(-60, 1200)),
      },
      {
        id: DEMO_PROJECT,
        name: 'Kitchen demos',
        duration_samples: 48_000 * 187,
        sample_rate: 48_000,
        notes: 'Guitar and voice only.',
        ...madeBy(alex.id, clock.at(-25, 1300)),
      },
    ] satisfies (typeof projects.$inferInsert)[],
    projectUsers: [
      projectUser(1, EP_PROJECT, 'sarah', 'owner', sarah.id),
      projectUser(2, EP_PROJECT, 'alex', 'collaborator', sarah.id),
      projectUser(3, EP_PROJECT, 'noah', 'collaborator', sarah.id),
      projectUser(4, DEMO_PROJECT, 'alex', 'owner', alex.id),
      projectUser(5, DEMO_PROJECT, 'mia', 'collaborator', alex.id),
    ] satisfies (typeof projectUsers.$inferInsert)[],
  }
}
