judgements: [
        { verdict: 'true', word: 'Real problem', title: 'It was a real problem: findings like it are shown sooner' },
        { verdict: 'false', word: 'Fine', title: 'It was in order: findings like it are shown less' },
        { verdict: 'unsure', word: 'Not sure', title: 'Nobody can tell yet' },
      ],
