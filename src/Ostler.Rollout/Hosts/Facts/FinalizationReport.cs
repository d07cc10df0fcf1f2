namespace Ostler.Rollout.Hosts.Facts;

/// <param name="Outcome">What became of it.</param>
/// <param name="Message">The host's own words, or null.</param>
public sealed record FinalizationReport(Finalization Outcome, string? Message = null);
