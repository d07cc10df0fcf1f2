namespace Ostler.Cli.Hosting;

/// <summary>
/// How a command ends, for scripts. <c>doctor</c> has its own meaning: 0 nothing found, 1 warnings only, 2 something is broken.
/// </summary>
internal static class ExitCode
{
    public const int Ok = 0;

    /// <summary>The cluster said no, could not be reached, or has no such object.</summary>
    public const int Error = 1;

    /// <summary>The command line, or a file that it names, is not right.</summary>
    public const int Usage = 2;

    /// <summary>Of status: a policy is not Ready, or is halted. Of plan: the rollout would not complete.</summary>
    public const int NotReady = 3;

    /// <summary>Ctrl-C, as shells count it.</summary>
    public const int Interrupted = 130;
}
