this.$socket.off('msg-input:' + this.id, this.take);
    this.$socket.off('widget-load:' + this.id, this.take);
