using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;

namespace Ostler.Simulation;

/// <summary>
/// What a compromised agent writes instead of the truth: each report is spoilt in one of many ways, all of which an API server once
/// stored.
/// </summary>
internal sealed class HostileReports(ulong seed)
{
    private static readonly string Huge = new('x', 100_000);
    private static readonly DateTimeOffset Long = new(2999, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Ago = new(1900, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly SeededSequence _random = new(seed);

    public NodeOSStatus Spoil(NodeOSStatus status) => _random.Below(16) switch
    {
        0 => status with { Booted = new() { Digest = Huge } },
        1 => status with { Booted = new() { Digest = "latest" }, Staged = null },
        2 => status with { Booted = null, BootID = null },
        3 => status with { BootID = $"boot-{_random.Next()}" },
        4 => status with { Timings = new() { StagingStartedAt = Ago, StagedAt = Long, BootedAt = Long, HealthyAt = Ago } },
        5 => status with
        {
            Timings = new()
            {
                StagingStartedAt = new(2001, 1, 1, 0, 0, 0, TimeSpan.Zero),
                StagedAt = new(2150, 1, 1, 0, 0, 0, TimeSpan.Zero)
            }
        },
        6 => status with { Attempt = status.Attempt + _random.Below(3) - 1 },
        7 => status with { ObservedGeneration = long.MaxValue },
        8 => status with { Step = Enum.GetValues<NodeStep>()[_random.Below(Enum.GetValues<NodeStep>().Length)] },
        9 => status with { LastError = new() { Reason = Huge, Message = Huge, At = Long, Count = int.MaxValue } },
        10 => status with
        {
            LastError = new()
            {
                Reason = Reasons.PullFailed,
                Message = "\u001b[2J" + Huge,
                At = Ago,
                Count = int.MaxValue
            }
        },
        11 => status with
        {
            Conditions = [.. Enumerable.Range(0, 200).Select(i =>
            new Condition { Type = $"C{i}", Status = ConditionStatus.True, Reason = Reasons.Observing, Message = Huge })]
        },
        12 => status with
        {
            Conditions = status.Conditions?.Select(c =>
            c with { Status = ConditionStatus.True, Message = Huge }).ToArray()
        },
        13 => status with { Rollback = new() { Digest = new('e', 64), Version = Huge }, Backend = Huge },
        14 => status with { Drift = new() { Reason = Huge, EtcChanges = -1 } },
        _ => status,
    };
}
