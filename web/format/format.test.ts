import { describe, expect, it } from 'vitest';
import { clockText, countdown, countdownSpoken } from './countdown';
import { moneyText, typedAmount } from './money';
import { dayOf, typedInstant, typedMinutes, typedTime } from './typed_time';
import { instantAt, momentText, viewersText, zoneName } from './zone';

const at = Date.parse;

describe('typed times', () => {
  it('go on after midnight, as in a broadcast schedule', () => {
    expect(typedMinutes('25:30')).toBe(1530);
    expect(typedMinutes('9:05')).toBe(545);
    expect(typedMinutes('２５：３０')).toBe(1530);
  });

  it('are refused when they are none', () => {
    for (const text of ['', '2530', '48:00', '12:60', '1:2', '-1:00', '12:00 pm']) {
      expect(typedMinutes(text), text).toBeNull();
    }
  });

  it('become UTC by the zone of the event', () => {
    expect(typedInstant('2026-12-24', '25:30', 'Asia/Tokyo')).toBe(at('2026-12-24T16:30:00Z'));
    expect(typedInstant('2026-12-31', '24:00', 'Asia/Tokyo')).toBe(at('2026-12-31T15:00:00Z'));
    expect(typedInstant('2026-07-01', '20:00', 'Europe/Berlin')).toBe(at('2026-07-01T18:00:00Z'));
    expect(typedInstant('2026-13-01', '20:00', 'Asia/Tokyo')).toBeNull();
  });

  it('are refused where clocks jump over them, and are the first of two', () => {
    expect(typedInstant('2026-03-28', '26:30', 'Europe/Berlin')).toBeNull();
    expect(typedInstant('2026-10-25', '02:30', 'Europe/Berlin')).toBe(at('2026-10-25T00:30:00Z'));
  });

  it('come back as they were typed', () => {
    const end = typedInstant('2026-12-24', '25:30', 'Asia/Tokyo')!;
    expect(typedTime(end, '2026-12-24', 'Asia/Tokyo')).toBe('25:30');
    expect(dayOf(end, 'Asia/Tokyo')).toBe('2026-12-25');
  });
});

describe('zones', () => {
  it('are named, not abbreviated', () => {
    expect(zoneName('Asia/Tokyo', 0, 'en')).toBe('Japan Standard Time');
    expect(zoneName('Asia/Tokyo', 0, 'ja')).toBe('日本標準時');
  });

  it('keep round trips through both changes of the clock', () => {
    for (let hour = 0; hour < 24 * 365; hour += 23) {
      const wall = Date.UTC(2026, 0, 1) + hour * 3_600_000;
      const instant = instantAt('America/New_York', wall);
      if (instant !== null) expect(instant).toBeLessThan(wall + 6 * 3_600_000);
      else expect(new Date(wall).toISOString()).toContain('2026-03-08T02');
    }
  });

  it('show the event’s time, and the viewer’s only when it is another', () => {
    const doors = at('2026-12-24T09:30:00Z');
    expect(momentText('Asia/Tokyo', doors, 'en')).toMatch(/24 Dec 2026.* 18:30$/);
    expect(momentText('Asia/Tokyo', doors, 'ja')).toMatch(/2026年12月24日.*18:30$/);
    expect(viewersText('Asia/Tokyo', doors, 'en', 'Asia/Tokyo')).toBeNull();
    expect(viewersText('Asia/Tokyo', doors, 'en', 'Asia/Seoul')).toBeNull();
    expect(viewersText('Asia/Tokyo', doors, 'en', 'Europe/Berlin')).toMatch(
      /^10:30 Central European/,
    );
  });

  it('tell the viewer’s day when it is not the event’s', () => {
    const late = at('2026-12-24T16:30:00Z');
    expect(viewersText('Asia/Tokyo', late, 'en', 'Europe/Berlin')).toMatch(/24 Dec 2026.* 17:30/);
  });
});

describe('money', () => {
  it('is written as people there write it', () => {
    expect(moneyText({ amount: 3300, currency: 'JPY' }, 'ja')).toBe('3,300円');
    expect(moneyText({ amount: 3300, currency: 'JPY' }, 'en')).toBe('¥3,300');
    expect(moneyText({ amount: 1250, currency: 'EUR' }, 'en')).toBe('€12.50');
    expect(moneyText({ amount: 0, currency: 'JPY' }, 'ja')).toBe('0円');
  });

  it('is typed in the major unit and kept in the minor one', () => {
    expect(typedAmount('3,300', 'JPY')).toBe(3300);
    expect(typedAmount('12.5', 'EUR')).toBe(1250);
    expect(typedAmount('３３００', 'JPY')).toBe(3300);
    for (const text of ['', '-1', '1.5.0', 'abc', '12.345'])
      expect(typedAmount(text, 'EUR')).toBeNull();
    expect(typedAmount('12.5', 'JPY')).toBeNull();
  });
});

describe('countdown', () => {
  it('rounds up, so that it says zero only at zero', () => {
    expect(countdown(90_061_001)).toEqual({ days: 1, hours: 1, minutes: 1, seconds: 2 });
    expect(countdown(1)).toEqual({ days: 0, hours: 0, minutes: 0, seconds: 1 });
    expect(countdown(-5)).toEqual({ days: 0, hours: 0, minutes: 0, seconds: 0 });
  });

  it('is read out in the two largest units', () => {
    expect(countdownSpoken(2 * 86_400_000 + 3 * 3_600_000 + 59_000, 'en')).toBe('2 days 3 hours');
    expect(countdownSpoken(61_000, 'en')).toBe('2 minutes');
    expect(countdownSpoken(3_660_000, 'ja')).toBe('1時間1分');
  });

  it('of a hold is minutes and seconds', () => {
    expect(clockText(245_000)).toBe('4:05');
    expect(clockText(-1)).toBe('0:00');
  });
});
