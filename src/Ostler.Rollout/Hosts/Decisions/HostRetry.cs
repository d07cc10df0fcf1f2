using Ostler.Api.Meta;

namespace Ostler.Rollout.Hosts.Decisions;

/// <summary>When the agent tries again what failed on the host. Pure.</summary>
public static class HostRetry
{
    /// <summary>The delay after the first failure; each further one doubles it.</summary>
    public static readonly TimeSpan Initial = TimeSpan.FromSeconds(5);

    /// <summary>The longest delay.</summary>
    public static readonly TimeSpan Maximum = TimeSpan.FromMinutes(5);

    /// <summary>The delay after so many failures (1 = the first), before jitter.</summary>
    public static TimeSpan After(int failures) =>
        TimeSpan.FromTicks((long)Math.Min(Initial.Ticks * Math.Pow(2, Math.Clamp(failures - 1, 0, 62)), Maximum.Ticks));

    /// <summary>Whether the failure lasts: a host of another kind stays one, so that trying again soon is of no use.</summary>
    public static bool IsPermanent(string reason) => reason is Reasons.HostNotSupported or Reasons.Invalid;
}
