/** How long a server that is taken out goes on with what is in progress, and how long its platform must wait. */

/** A call may ring for minutes: after this time it is given up. */
export const longestDrainSeconds = 40

/** Then flows are closed and stores are left. A platform that kills earlier cuts calls off. */
export const stopGraceSeconds = longestDrainSeconds + 5
