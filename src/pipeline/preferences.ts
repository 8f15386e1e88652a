// Preferences: a person says how often and when they want to hear from us.

import { may } from '#src/domain/policy.ts';
import type { Db, Tx } from '#src/domain/ports.ts';
import { changed, type Preferences, type PreferenceVerbs } from '#src/domain/preference.ts';
import type { Records } from '#src/domain/stores.ts';

export interface PreferringDeps {
  db: Db;
  preferences: {
    get(tx: Tx, personId: string): Promise<Preferences>;
    lock(tx: Tx, personId: string): Promise<void>;
    set(tx: Tx, personId: string, preferences: Preferences, at: Date): Promise<void>;
  };
  records: Pick<Records, 'audit'>;
  now: () => Date;
}

/** Makes the verbs. Everybody who may see records may say how they want to see them; nobody says it for another. */
export function createPreferring(deps: PreferringDeps): PreferenceVerbs {
  const { db, preferences } = deps;
  return {
    preferences: (person) => preferences.get(db, person.id),
    setPreferences: (person, change) =>
      db.transaction('preferences', async (tx) => {
        const at = deps.now();
        const allowed = may(person, 'see', { kind: 'record' }, at);
        if (!allowed.ok) return { kind: 'refused', refusal: allowed.refusal };
        await preferences.lock(tx, person.id);
        const after = changed(await preferences.get(tx, person.id), change);
        if (!after.ok) return { kind: 'invalid', fields: after.fields };
        await preferences.set(tx, person.id, after.preferences, at);
        await deps.records.audit(tx, [
          {
            actor: person.id,
            verb: 'preferences.changed',
            thingKind: 'person',
            thingId: person.id,
            detail: { ...after.preferences },
            at: at.toISOString(),
          },
        ]);
        return { kind: 'done', preferences: after.preferences };
      }),
  };
}
