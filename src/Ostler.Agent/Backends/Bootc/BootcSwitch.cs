using Ostler.Agent.Backends.Ostree;
using Ostler.Agent.Host;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;

namespace Ostler.Agent.Backends.Bootc;

/// <summary>
/// <c>bootc switch</c>: fetches an image and lays it down. Layers that are here already are not fetched again, so it resumes by itself.
/// </summary>
internal sealed class BootcSwitch(BootcCommands bootc)
{
    /// <summary>A whole operating system over a slow line. What was fetched by then is kept for the next try.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromHours(2);

    /// <summary>Stages the image by its digest. bootc locks nothing that it switches to: the lock must be there before.</summary>
    /// <param name="repository">The image without tag or digest.</param>
    /// <param name="digest">Its manifest digest.</param>
    /// <param name="enforceSignatures">
    /// Refuse an image that the host's signature policy does not accept. Not asked for where the running image was not held to it either:
    /// the policy of most hosts accepts anything, and bootc then refuses to be told to enforce it.
    /// </param>
    /// <param name="cancellationToken">Ends the wait, not bootc.</param>
    public Task RunAsync(string repository, string digest, bool enforceSignatures, CancellationToken cancellationToken)
    {
        string[] policy = enforceSignatures ? ["--enforce-container-sigpolicy"] : [];
        return bootc.RunDetachedAsync(new HostCommand("bootc", ["switch", .. policy, Reference(repository, digest)]) { Timeout = Timeout }, cancellationToken);
    }

    /// <summary>Whether the host's policy must be enforced to verify the next image as the running one was.</summary>
    /// <exception cref="HostToolException">SignatureRefused: bootc switch cannot do that.</exception>
    public static bool EnforcesPolicy(ImageTrust? running) => running switch
    {
        { Kind: TrustKind.Unverified } => false,
        { Kind: TrustKind.Policy } => true,
        { Kind: TrustKind.Remote } => throw Refusal($"verified by the keys of the OSTree remote {running.Remote}, and bootc switch cannot require that of another image"),
        _ => throw Refusal("verified in a way that this agent does not support"),
    };

    private static HostToolException Refusal(string how) => new(
        Reasons.SignatureRefused,
        $"The running image is {how}. Switch the host once by hand: bootc switch --enforce-container-sigpolicy requires signatures by /etc/containers/policy.json; without the option, none are required.");

    public static string Reference(string repository, string digest) => $"{repository}@{digest}";

    /// <summary>Why an image cannot be given to the tool; null when it can. Nothing of an image reaches a command before this.</summary>
    public static string? Refuse(NodeImage image) => image switch
    {
        { Container: null } => null,
        _ when !HostArguments.IsManifestDigest(image.Digest) => $"{image.Digest} is not a manifest digest.",
        _ when !HostArguments.IsRepository(image.Container.Repository) => "The image's repository is not valid: use the registry's host, a slash and the name.",
        _ => null,
    };
}
