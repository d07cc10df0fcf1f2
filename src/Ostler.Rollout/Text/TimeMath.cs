namespace Ostler.Rollout.Text;

/// <summary>Arithmetic on moments that never throws: durations come from people.</summary>
internal static class TimeMath
{
    /// <summary>The sum, or the end of time.</summary>
    public static DateTimeOffset After(this DateTimeOffset from, TimeSpan span) =>
        span >= DateTimeOffset.MaxValue - from ? DateTimeOffset.MaxValue : from + span;

    public static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    public static DateTimeOffset? Earliest(DateTimeOffset? one, DateTimeOffset? other) =>
        one is null ? other : other is null || one < other ? one : other;

    public static TimeSpan Plus(this TimeSpan one, TimeSpan other) => one > TimeSpan.MaxValue - other ? TimeSpan.MaxValue : one + other;
}
