using Ostler.Agent.Host;
using Ostler.Api.NodeOSes;

namespace Ostler.Agent.Backends.Ostree;

/// <summary><c>ostree pull</c>: fetches a commit. One that was interrupted goes on where it stopped, within the same boot.</summary>
internal sealed class OstreePull(OstreeCommands ostree, HostFiles files)
{
    /// <summary>
    /// Old versions of ostree wait without end for a server that says nothing any more. What was fetched by then is kept, so that the next
    /// try goes on from there: it costs at most the one file under way.
    /// </summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromHours(1);

    /// <summary>Fetches the commit, unless the repository has the whole of it.</summary>
    /// <param name="image">Where it is. Unless it allows a downgrade, a commit older than the branch on the host is refused.</param>
    /// <param name="commit">The commit.</param>
    /// <param name="running">What runs: to deploy that again is no downgrade, whatever was fetched since.</param>
    /// <param name="cancellationToken">Ends the wait, not ostree.</param>
    public async Task RunAsync(NodeOstreeImage image, string commit, string running, CancellationToken cancellationToken)
    {
        if (await IsCompleteAsync(image, commit, cancellationToken))
        {
            return;
        }

        string[] check = image.AllowDowngrade || commit == running ? [] : ["--timestamp-check"];
        await ostree.RunDetachedAsync(
            new HostCommand("ostree", [OstreeCommands.Repository, "pull", .. check, image.Remote, $"{image.Ref}@{commit}"])
            {
                Timeout = Timeout,
            },
            cancellationToken);
    }

    /// <summary>
    /// A ref may point at a commit of which only the metadata is there: ostree marks that by a file of its own. Without the ref the
    /// commit may be pruned at any time, whatever is there of it now.
    /// </summary>
    private async Task<bool> IsCompleteAsync(NodeOstreeImage image, string commit, CancellationToken cancellationToken)
    {
        var known = await ostree.TryAsync(new HostCommand("ostree", OstreeCommands.Repository, "rev-parse", $"{image.Remote}:{image.Ref}"), cancellationToken);
        return known.Succeeded && known.Stdout.Trim() == commit && !files.Exists($"/ostree/repo/state/{commit}.commitpartial");
    }
}
