using Ostler.Agent.Backends.Ostree;
using Ostler.Agent.Host;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Backends.RpmOstree;

/// <summary><c>rpm-ostree deploy</c> and <c>rebase</c>: fetch a tree and lay it down, locked.</summary>
/// <remarks>Fetching goes on where it stopped: objects of a commit within the same boot, layers of an image at any time.</remarks>
internal sealed class RpmOstreeStage(RpmOstreeCommands rpmOstree, OstreeRemoteConfig remotes)
{
    /// <summary>A whole operating system over a slow line. What was fetched by then is kept for the next try.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromHours(2);

    /// <param name="image">Not refused.</param>
    /// <param name="booted">What runs: what it follows decides which verb gets the host to the image.</param>
    /// <param name="cancellationToken">Ends the wait, not rpm-ostree.</param>
    public Task RunAsync(NodeImage image, HostDeployment booted, CancellationToken cancellationToken) => rpmOstree.RunDetachedAsync(CommandFor(image, booted, remotes.Verifies), cancellationToken);

    /// <exception cref="HostToolException">SignatureRefused: it is not known how the running image was verified.</exception>
    internal static HostCommand CommandFor(NodeImage image, HostDeployment booted, Func<string, bool> verifies)
    {
        string[] arguments = image switch
        {
            { Container: { } container } => ["rebase", "--lock-finalization", "--experimental", TrustOf(booted, verifies).ReferenceFor(container.Repository, image.Digest)],

            // A rebase to what the host follows already is an error. Another commit of it need not be on the branch as the remote has it
            // now.
            { Ostree: { } ostree } when booted.Reference == $"{ostree.Remote}:{ostree.Ref}" =>
                ["deploy", "--lock-finalization", "--skip-branch-check", "revision=" + image.Digest],
            { Ostree: { } ostree } => ["rebase", "--lock-finalization", $"{ostree.Remote}:{ostree.Ref}", image.Digest],
            _ => throw new InvalidOperationException("The image is neither a container image nor a commit."),
        };
        return new HostCommand("rpm-ostree", arguments) { Timeout = Timeout };
    }

    /// <summary>
    /// A host whose running image had to be signed asks the same of the next one. Only where it was explicitly unverified is nothing asked:
    /// rpm-ostree refuses to call an image signed that the host's policy would accept without a signature.
    /// </summary>
    private static ImageTrust TrustOf(HostDeployment booted, Func<string, bool> verifies) => ImageTrust.Of(booted, verifies)
        ?? throw new HostToolException(
            Reasons.SignatureRefused,
            $"The running image is {HostToolException.Head(booted.Reference ?? "")}, and this agent does not know how it is verified. Rebase the host once by hand, to a reference that "
            + "begins with ostree-image-signed:, ostree-remote-registry: or ostree-unverified-registry:.");
}
