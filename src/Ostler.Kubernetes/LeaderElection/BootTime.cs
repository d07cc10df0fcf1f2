using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Ostler.Kubernetes.LeaderElection;

/// <summary>
/// The system's time with a monotonic clock that goes on while the machine is suspended (Linux: CLOCK_BOOTTIME). The runtime's own
/// (CLOCK_MONOTONIC) stands still
/// then, so that a lease which ran out during the suspension would still seem to be held.
/// </summary>
/// <remarks>
/// Timers are the system's. A hypervisor that pauses a machine without telling it stops this clock as well; then the holder in the lease
/// decides, at the next renewal.
/// </remarks>
public sealed partial class BootTime : TimeProvider
{
    private const int ClockBootTime = 7;
    private const long NanosecondsPerSecond = 1_000_000_000;

    private static readonly bool IsAvailable = OperatingSystem.IsLinux() && Environment.Is64BitProcess && TryRead(out _);

    private BootTime()
    {
    }

    /// <summary>The one of this machine.</summary>
    public static BootTime Instance { get; } = new();

    public override long TimestampFrequency => IsAvailable ? NanosecondsPerSecond : Stopwatch.Frequency;

    public override long GetTimestamp() => IsAvailable && TryRead(out var now) ? now : Stopwatch.GetTimestamp();

    /// <summary>This clock in place of the system's; any other, as those of tests, stays.</summary>
    public static TimeProvider For(TimeProvider time) => ReferenceEquals(time, System) ? Instance : time;

    private static bool TryRead(out long nanoseconds)
    {
        var failed = ClockGetTime(ClockBootTime, out var now) != 0;
        nanoseconds = (now.Seconds * NanosecondsPerSecond) + now.Nanoseconds;
        return !failed;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ClockGetTime(int clock, out TimeSpec time);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
