// Flet's client loads the Rive animation player at each start, from a host outside. The app has
// no such animation: the client is pointed here, and waits for a player that never comes.
"use strict";
self.RiveNative = () => new Promise(() => {});
