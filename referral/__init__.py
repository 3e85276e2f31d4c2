"""How the promise is closed: referrals, schedule, hand-offs, attendance, outreach."""
