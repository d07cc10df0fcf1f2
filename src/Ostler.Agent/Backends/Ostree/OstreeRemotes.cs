using Ostler.Agent.Host;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;

namespace Ostler.Agent.Backends.Ostree;

/// <summary><c>ostree remote</c>: where the host pulls from.</summary>
internal sealed class OstreeRemotes(OstreeCommands ostree)
{
    /// <summary>Makes sure that the host has the image's remote.</summary>
    /// <returns>A warning when it has it with another address, which then stays: it is the host's administrator's. Null when all is
    /// well.</returns>
    /// <exception cref="HostToolException">It lacks the remote and the image names no address.</exception>
    public async Task<string?> EnsureAsync(NodeOstreeImage image, CancellationToken cancellationToken)
    {
        var shown = await ostree.TryAsync(new HostCommand("ostree", OstreeCommands.Repository, "remote", "show-url", image.Remote), cancellationToken);
        if (shown.Succeeded)
        {
            var url = shown.Stdout.Trim();
            return image.Url is null || url.TrimEnd('/') == image.Url.TrimEnd('/')
                ? null
                : $"the host's remote {image.Remote} has the URL {url}, not {image.Url}. Ostler does not change it";
        }

        if (image.Url is null)
        {
            throw new HostToolException(Reasons.PullFailed, $"The host has no remote {image.Remote}, and the image names no URL to add it with.");
        }

        // Signatures are checked unless told otherwise, with the keyring of the remote, which then has to be on the host.
        string[] signatures = image.GpgVerify ? [] : ["--no-gpg-verify"];
        await ostree.RunAsync(
            new HostCommand("ostree", [OstreeCommands.Repository, "remote", "add", "--if-not-exists", .. signatures, image.Remote, image.Url]), cancellationToken);
        return null;
    }
}
