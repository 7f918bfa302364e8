number(value) {
      return Number(value).toLocaleString('en-US');
    },
