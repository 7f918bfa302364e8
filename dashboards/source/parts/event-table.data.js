page: null, problem: '', viewer: null, trail: [], dialog: false, asked: null, reason: '', refusal: '', sending: false,
      /* include parts/judge.data.js */
      titles: { approved: 'Approve this change', false_alarm: 'This was a false alarm', looking: 'I am looking at it' },
