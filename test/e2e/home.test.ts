// Home over the whole product: what waits for a person, what became of what they captured, and the deciding that is done from there.
import { afterEach, describe, expect, it } from 'vitest';
import { leaveStage, takeStage as take } from '#test/support/hands.ts';
import { homeHandsOf } from '#test/support/home-hands.ts';

afterEach(leaveStage);

async function takeStage(options?: Parameters<typeof take>[0]) {
  const stage = await take(options);
  return { ...stage, ...homeHandsOf(stage) };
}

describe('what waits for a decision', () => {
  it('stands on an approver’s Home with its numbers and a link, and is decided from there', async () => {
    const { openCard, openHome, press, home, homeActions, card, linear, slack, channel, audit } = await takeStage();
    const { ts } = await openCard();
    const shown = await openHome('pia');
    expect(shown).toContain('Waits for your decision: 1');
    expect(shown).toContain(slack.state.permalink(channel('insights'), ts));
    expect(shown).toMatch(/3 customers, 3 reports · waits less than an hour/);
    await press('pia', 'home_file');
    expect(linear.state.issues.size).toBe(1);
    expect(card().text).toMatch(/Filed as .*ENG-1.*approved by Pia Product/);
    expect(home('pia')).toContain('Approved, and filing now.');
    expect(home('pia')).toContain('Nothing waits.');
    expect(homeActions('pia')).not.toContain('home_file');
    expect(await audit('decision.%')).toEqual(['decision.approved by pia']);
  });
});
