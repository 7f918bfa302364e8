/** A moment by the business's clock, or by this browser's where that one is not known. */
    when(instant) {
      const shape = { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' };
      return instant ? new Date(instant).toLocaleString('en-GB', Object.assign(shape, this.timeZone ? { timeZone: this.timeZone } : {})) : '';
    },
