using Ostler.Agent.Host;
using Ostler.Agent.Watchdog;
using Ostler.Api.Meta;

namespace Ostler.Agent.HostShell;

/// <summary>
/// The command lines <c>ostler-agent host install</c> and <c>host uninstall</c>: the labels INSTALL and UNINSTALL of the image, as Project
/// Atomic's super-privileged containers had them. The first gives the host this command for the person at the console; the second takes
/// away all that Ostler put onto the host. Both can be repeated.
/// </summary>
internal sealed class HostInstallation(ICommandRunner runner, HostFiles files, Func<byte[]> program)
{
    /// <summary>On ostree hosts /usr/local is in /var, and so is there in each tree.</summary>
    public const string Program = "/usr/local/bin/ostler-agent";

    private readonly WatchdogStore _watchdog = new(files);

    public static async Task<int> RunAsync(string word, HostEntry host, CancellationToken cancellationToken)
    {
        var installation = new HostInstallation(new ProcessCommandRunner(host, TimeProvider.System), new HostFiles(host.Root), OwnProgram.Read);
        try
        {
            Console.WriteLine(word == "install" ? await installation.InstallAsync(cancellationToken) : await installation.UninstallAsync(cancellationToken));
            return 0;
        }
        catch (Exception failure) when (failure is HostToolException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(failure.Message.ReplaceLineEndings(" "));
            return 1;
        }
    }

    /// <returns>What is so now, for people.</returns>
    /// <exception cref="HostToolException">The host cannot have it, or cannot run it; then it is not there.</exception>
    public async Task<string> InstallAsync(CancellationToken cancellationToken)
    {
        try
        {
            files.WriteProgram(Program, program());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or HostToolException)
        {
            throw Unable($"{e.Message} Without it, use the image: podman container runlabel RUN <image>.");
        }

        // Another C library, another processor, a file system mounted noexec.
        var command = new HostCommand("/usr/bin/env", Program, "--version");
        var result = await runner.RunAsync(command, cancellationToken);
        if (!result.Succeeded || result.Stdout.Trim() != AgentVersion.Text)
        {
            files.Delete(Program);
            throw Unable($"{command} does not run on the host: {HostToolException.Trim(result.Stderr.Length > 0 ? result.Stderr : result.Stdout)}");
        }

        return $"{Program} {AgentVersion.Text} is on the host. Next: ostler-agent host status.";
    }

    /// <returns>What is so now, for people.</returns>
    /// <exception cref="HostToolException">A tree is on trial: without the watchdog nobody would take the host back.</exception>
    public async Task<string> UninstallAsync(CancellationToken cancellationToken)
    {
        if (_watchdog.Exists)
        {
            throw Unable(
                $"an image is staged or on trial on this host and needs the watchdog. Wait until that is complete, or, if the cluster is gone for good, run {WatchdogUnits.Program} watchdog uninstall");
        }

        await new WatchdogInstaller(runner, files, program).RemoveAsync(cancellationToken);
        _watchdog.DeleteLock();
        files.Delete(Program);
        return "Ostler is removed from this host, except for its records in /var/lib/ostler.";
    }

    private static HostToolException Unable(string why) => new(Reasons.HostToolFailed, $"Not done: {why}");
}
