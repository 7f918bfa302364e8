// Each message counts, also when two come at once; what was shown last is sent again when the page loads.
    this.$socket.on('msg-input:' + this.id, this.take);
    this.$socket.on('widget-load:' + this.id, this.take);
    this.take(this.msg);
