package dev.tandem.client;

/** What bridges say that are asked for a session. */
enum BridgeAnswer {
    /** One would take it. */
    TAKEN,
    /** All have answered, and refused. */
    REFUSED,
    /** None would take it, and not all have refused. */
    NONE
}
