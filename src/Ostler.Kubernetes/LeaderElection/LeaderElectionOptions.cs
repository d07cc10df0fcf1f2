namespace Ostler.Kubernetes.LeaderElection;

/// <summary>Who contends for which lease, and how fast a dead leader is replaced.</summary>
public sealed record LeaderElectionOptions
{
    public required string LeaseName { get; init; }

    public required string Namespace { get; init; }

    /// <summary>Unique to this process; the name of its pod with something random.</summary>
    public required string Identity { get; init; }

    /// <summary>Annotations that the holder sets on the lease, such as its version. Default: none.</summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <summary>Others take the lease when they have seen no renewal for this time. Default 15 s. Whole seconds.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// The leader gives up this long after its last successful renewal. Default 10 s; must be shorter than <see cref="LeaseDuration"/>.
    /// </summary>
    public TimeSpan RenewDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Between attempts, up to a fifth longer by jitter. Default 2 s; with jitter must be shorter than <see cref="RenewDeadline"/>.
    /// </summary>
    public TimeSpan RetryPeriod { get; init; } = TimeSpan.FromSeconds(2);

    internal const double JitterFactor = 0.2;

    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrEmpty(LeaseName);
        ArgumentException.ThrowIfNullOrEmpty(Namespace);
        ArgumentException.ThrowIfNullOrEmpty(Identity);
        // A leader that gives up no earlier than others may take over would overlap with its successor.
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(RenewDeadline, LeaseDuration);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(RetryPeriod * (1 + JitterFactor), RenewDeadline, nameof(RetryPeriod));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(RetryPeriod, TimeSpan.Zero);
        if (LeaseDuration.Ticks % TimeSpan.TicksPerSecond != 0)
        {
            throw new ArgumentException("a lease lasts whole seconds", nameof(LeaseDuration));
        }
    }
}
