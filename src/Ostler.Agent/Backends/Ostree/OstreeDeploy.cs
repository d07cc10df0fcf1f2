using Ostler.Agent.Host;

namespace Ostler.Agent.Backends.Ostree;

/// <summary><c>ostree admin deploy</c>: lays a commit of the repository down beside the running tree.</summary>
internal sealed class OstreeDeploy(OstreeCommands ostree, HostFiles files)
{
    /// <summary>In /run: an origin that was written for a staging does not outlive it.</summary>
    public const string OriginFile = "/run/ostler/origin";

    /// <summary>
    /// Lays the commit down for the next boot, locked: a reboot that nobody ordered does not apply it. Its /etc is merged at shutdown, so that what is
    /// edited until then is not lost. Replaces what was staged before.
    /// </summary>
    /// <param name="commit">What to lay down.</param>
    /// <param name="refspec">
    /// What the deployment follows afterwards, for people and other tools. Left to itself, ostree would note the bare commit, which no upgrade can follow.
    /// </param>
    /// <param name="ct">Cancels: ostree is killed; what it leaves behind goes with the next deployment that is written.</param>
    public async Task StageAsync(string commit, string refspec, CancellationToken ct)
    {
        files.Write(OriginFile, $"[origin]\nrefspec={refspec}\n");
        await ostree.RunAsync(
            new HostCommand("ostree", "admin", "deploy", "--stage", "--lock-finalization", $"--origin-file={OriginFile}", commit)
            {
                Timeout = OstreeCommands.WriteTimeout,
            },
            ct);
    }

    /// <summary>
    /// Makes the commit the next boot's, now: no staging, so that what is wrong with it shows before the reboot and not during it. It becomes a new
    /// deployment, with the /etc of the running tree merged. All other deployments are kept.
    /// </summary>
    public async Task MakeNextAsync(string commit, string? refspec, CancellationToken ct)
    {
        string[] origin = [];
        if (refspec is not null)
        {
            files.Write(OriginFile, $"[origin]\nrefspec={refspec}\n");
            origin = [$"--origin-file={OriginFile}"];
        }

        await ostree.RunAsync(
            new HostCommand("ostree", ["admin", "deploy", "--retain", .. origin, commit]) { Timeout = OstreeCommands.WriteTimeout }, ct);
    }
}
