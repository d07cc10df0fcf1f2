namespace Ostler.Agent.Checks;

/// <summary>How one round of the host's checks ended.</summary>
/// <param name="Passed">All of them pass.</param>
/// <param name="Message">What fails and how, or what passed; for people, and stable while nothing changes.</param>
internal sealed record CheckResult(bool Passed, string Message);
