using Ostler.Agent.Host;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Backends.Ostree;

/// <summary><c>ostree admin deploy</c>: lays a commit of the repository down beside the running tree.</summary>
internal sealed class OstreeDeploy(OstreeCommands ostree, HostFiles files)
{
    /// <summary>In /run: an origin that was written for a staging does not outlive it.</summary>
    public const string OriginFile = "/run/ostler/origin";

    /// <summary>
    /// Lays the commit down for the next boot, locked: a reboot that nobody ordered does not apply it. Its /etc is merged at shutdown, so
    /// that what is edited until then is not lost. Replaces what was staged before.
    /// </summary>
    /// <param name="commit">What to lay down.</param>
    /// <param name="refspec">
    /// What the deployment follows afterwards, for people and other tools. Left to itself, ostree would note the bare commit, which no
    /// upgrade can follow.
    /// </param>
    /// <param name="cancellationToken">Ends the wait, not ostree.</param>
    public async Task StageAsync(string commit, string refspec, CancellationToken cancellationToken)
    {
        files.Write(OriginFile, $"[origin]\nrefspec={refspec}\n");
        await ostree.RunDetachedAsync(
            new HostCommand("ostree", "admin", "deploy", "--stage", "--lock-finalization", $"--origin-file={OriginFile}", commit)
            {
                Timeout = OstreeCommands.WriteTimeout,
            },
            cancellationToken);
    }

    /// <summary>
    /// Makes the commit the next boot's, now: no staging, so that what is wrong with it shows before the reboot and not during it. It
    /// becomes a new deployment, with the local changes that the running tree has in /etc.
    /// </summary>
    public Task MakeNextAsync(string commit, CancellationToken cancellationToken) =>
        ostree.RunAsync(new HostCommand("ostree", "admin", "deploy", commit) { Timeout = OstreeCommands.WriteTimeout }, cancellationToken);

    /// <summary>
    /// Makes the commit of a former deployment the next boot's, as a new deployment with the former one's own /etc and kernel arguments of
    /// the running one.
    /// </summary>
    /// <remarks>
    /// ostree takes the local changes from the running deployment, always. So, in a mount namespace that ends with the command, the former
    /// one's /etc and defaults lie over those of the running one. The script is fixed and its words are arguments: nothing is put into it.
    /// </remarks>
    public Task MakeNextWithOwnEtcAsync(HostDeployment former, HostDeployment booted, CancellationToken cancellationToken) =>
        ostree.RunAsync(
            new HostCommand(
                "unshare", "--mount", "--propagation", "private", "--", "sh", "-c", OwnEtcScript, "deploy", Folder(former), Folder(booted), former.Commit)
            {
                Timeout = OstreeCommands.WriteTimeout,
            },
            cancellationToken);

    internal const string OwnEtcScript =
        "set -eu; mount --bind \"$1/etc\" \"$2/etc\"; mount --bind \"$1/usr/etc\" \"$2/usr/etc\"; exec ostree admin deploy \"--origin-file=$1.origin\" \"$3\"";

    private static string Folder(HostDeployment deployment) =>
        $"/sysroot/ostree/deploy/{deployment.Stateroot}/deploy/{deployment.Commit}.{deployment.Serial}";
}
