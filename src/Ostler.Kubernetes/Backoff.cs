namespace Ostler.Kubernetes;

/// <summary>Waiting times that double with each failure.</summary>
public sealed record BackoffOptions
{
    /// <summary>After the first failure.</summary>
    public required TimeSpan Initial { get; init; }

    /// <summary>Never longer (jitter aside).</summary>
    public required TimeSpan Maximum { get; init; }

    /// <summary>The delay after so many failures (1 = the first), without jitter.</summary>
    public TimeSpan After(int failures)
    {
        // 2^62 ticks are more than any maximum, and shifting further would wrap around to short delays.
        var factor = Math.Pow(2, Math.Clamp(failures - 1, 0, 62));
        return TimeSpan.FromTicks((long)Math.Min(Initial.Ticks * factor, Maximum.Ticks));
    }

    /// <summary>The delay with jitter: between one half and one and a half of it.</summary>
    /// <param name="failures">1 = the first.</param>
    /// <param name="random">In [0, 1).</param>
    public TimeSpan After(int failures, double random) => After(failures) * (0.5 + random);
}
