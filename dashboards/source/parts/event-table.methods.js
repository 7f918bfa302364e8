severityText(row) {
      const words = { HIGH: 'High severity', MEDIUM: 'Medium severity', LOW: 'Low severity' };
      return words[row.severity] + (row.risk === null ? ', not scored' : ', risk ' + row.risk);
    },
    markText(mark) {
      const words = { approved: 'Approved by ', false_alarm: 'False alarm, says ', looking: 'Being looked at by ' };
      return words[mark.mark] + mark.by + ', ' + mark.when + (mark.reason ? ': ' + mark.reason : '.');
    },
    /* include parts/judge.methods.js */
    say(action, payload) {
      this.$socket.emit('widget-action', this.id, { action, payload });
    },
    ask(row, mark) {
      this.asked = { row, mark };
      this.reason = '';
      this.refusal = '';
      this.sending = false;
      this.opener = document.activeElement;
      this.dialog = true;
      this.$nextTick(() => setTimeout(() => this.$refs.reason && this.$refs.reason.focus(), 50));
    },
    decide() {
      this.sending = true;
      this.refusal = '';
      clearTimeout(this.patience);
      this.patience = setTimeout(() => this.sending && this.refuse('No answer came. Check the connection, then look whether it was recorded before you try again.'), 10000);
      this.say('mark', { event_key: this.asked.row.event_key, mark: this.asked.mark, reason: this.reason });
    },
    letGo() {
      this.asked = null;
      if (this.opener && this.opener.isConnected) this.opener.focus();
    },
    turn() {
      this.trail.push(this.page.after);
      this.load(this.page.next);
    },
    turnBack() {
      this.load(this.trail.pop());
    },
    settle(mark) {
      this.dialog = false;
      this.sending = false;
      if (this.page) this.page.rows.forEach((row) => row.event_key === mark.event_key && this.place(row, mark));
      if (this.picked && this.picked.event_key === mark.event_key) this.picked.mark = mark;
    },
    note(judgement) {
      this.problem = '';
      if (this.page) this.page.rows.forEach((row) => row.event_key === judgement.event_key && (row.judgement = judgement));
      if (this.picked && this.picked.event_key === judgement.event_key) this.picked.judgement = judgement;
    },
    take(msg) {
      const given = msg && msg.payload;
      if (!given) return;
      if (given.viewer) this.viewer = given.viewer;
      else if (given.refusal) this.refuse(given.refusal);
      else if (given.problem) this.problem = given.problem;
      else if (given.marked) this.settle(given.marked);
      else if (given.judged) this.note(given.judged);
      else if (given.moved) this.moved();
      else if (given.rows) this.show(given, Boolean(msg._client));
    },
    refuse(why) {
      this.sending = false;
      if (this.dialog) this.refusal = why;
      else this.problem = why;
    },
