judgementText(said) {
      const words = { true: 'A real problem, says ', false: 'Fine, says ', unsure: 'Not sure: ' };
      return words[said.verdict] + said.by + ', ' + said.when + (said.note ? ': ' + said.note : '.');
    },
    // One press, and another takes it back: the last word of each person counts.
    judge(row, verdict) {
      if (row.judgement && row.judgement.verdict === verdict && row.judgement.by === this.viewer.name) return;
      this.$socket.emit('widget-action', this.id, { action: 'judge', payload: { event_key: row.event_key, verdict } });
    },
