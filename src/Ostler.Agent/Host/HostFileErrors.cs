using Ostler.Api.Meta;

namespace Ostler.Agent.Host;

/// <summary>
/// What goes wrong with a file of the host is the host's failure. Left as an IOException, it would pass for an API server that cannot be
/// reached.
/// </summary>
internal static class HostFileErrors
{
    private const int WouldBlock = 11;
    private const int NoSpace = 28;
    private const int ReadOnly = 30;
    private const int QuotaExceeded = 122;

    /// <summary>The failure in words for users, with what to do.</summary>
    /// <param name="failure">An IOException or UnauthorizedAccessException.</param>
    /// <param name="path">The host's path.</param>
    /// <param name="participle">What was to be done: read, written, deleted, locked.</param>
    /// <param name="isFolder">A folder is in the file's place.</param>
    public static HostToolException From(Exception failure, string path, string participle, bool isFolder)
    {
        var (reason, why) = Number(failure) switch
        {
            NoSpace => (Reasons.DiskFull, $"no space left on the device. Free space on the file system of {path}"),
            QuotaExceeded => (Reasons.DiskFull, $"disk quota exceeded. Free space on the file system of {path}"),
            ReadOnly => (Reasons.HostToolFailed, "the file system is read-only. Check it for errors, and remount it writable"),
            _ when isFolder => (Reasons.HostToolFailed, "it is a directory. Remove it"),
            _ => (Reasons.HostToolFailed, HostToolException.Trim(failure.Message).TrimEnd('.')),
        };
        return new HostToolException(reason, $"{path} on the host cannot be {participle}: {why}.");
    }

    /// <summary>Another process has the file locked; every other failure to lock it says nothing of the kind.</summary>
    public static bool IsHeldByAnother(IOException failure) => Number(failure) == WouldBlock;

    /// <summary>.NET hands the kernel's error number over as HResult.</summary>
    private static int Number(Exception failure) => (failure is UnauthorizedAccessException ? failure.InnerException ?? failure : failure).HResult;
}
