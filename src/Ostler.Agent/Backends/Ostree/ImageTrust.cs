using System.Text.Json;
using Ostler.Agent.Host;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Backends.Ostree;

/// <summary>By whose word a host believes its running image.</summary>
internal enum TrustKind
{
    /// <summary>Explicitly by nobody's.</summary>
    Unverified,

    /// <summary>By the host's policy for container signatures, /etc/containers/policy.json.</summary>
    Policy,

    /// <summary>By the keys of an OSTree remote, which sign the commit within the image.</summary>
    Remote,
}

/// <summary>How the running image was verified, and so how its successor must be. Pure.</summary>
/// <remarks>
/// References of container images on OSTree hosts are <c>verification ":" [remote ":"] [transport] name</c>. What is not understood is
/// null: a verification that was not recognized must not be dropped.
/// </remarks>
internal sealed record ImageTrust(TrustKind Kind, string? Remote = null)
{
    private const string UnverifiedRegistry = "ostree-unverified-registry:";
    private const string SignedImage = "ostree-image-signed:";
    private const string RemoteRegistry = "ostree-remote-registry:";
    private const string RemoteImage = "ostree-remote-image:";
    private const string AnyContainer = "ostree-";

    private static readonly string[] UnverifiedPrefixes = [UnverifiedRegistry, "ostree-unverified-image:"];

    public static ImageTrust Unverified { get; } = new(TrustKind.Unverified);

    public static ImageTrust Policy { get; } = new(TrustKind.Policy);

    /// <summary>Of a deployment as rpm-ostree lists it.</summary>
    /// <param name="running">Follows a container image, a branch of a remote, or nothing.</param>
    /// <param name="verifies">Whether a remote's commits must be signed.</param>
    public static ImageTrust? Of(HostDeployment running, Func<string, bool> verifies) => running.Reference switch
    {
        { Length: > 0 } reference when HostArguments.IsManifestDigest(running.Digest) || reference.StartsWith(AnyContainer, StringComparison.Ordinal) => OfContainer(reference),

        // A branch of a remote. Local branches and bare commits have nobody to sign them.
        { } refspec when refspec.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon => verifies(refspec[..colon]) ? OfRemote(refspec[..colon]) : Unverified,
        _ => Unverified,
    };

    /// <summary>A host whose running image was verified goes to a remote that verifies nothing only when the image says so.</summary>
    /// <exception cref="HostToolException">SignatureRefused.</exception>
    public static void CheckRemote(NodeOstreeImage next, HostDeployment running, Func<string, bool> verifies)
    {
        if (next.GpgVerify && Of(running, verifies) != Unverified && !verifies(next.Remote))
        {
            throw new HostToolException(
                Reasons.SignatureRefused,
                $"The running image ({HostToolException.Head(running.Reference ?? "")}) is verified, but the host's remote {next.Remote} verifies nothing (gpg-verify=false). Set gpg-verify=true for it on the "
                + "host, or spec.ostree.gpgVerify: false in the OSImage.");
        }
    }

    /// <summary>
    /// Of a reference like <c>ostree-image-signed:docker://quay.io/acme/os:stable</c>; null when it is none that is known.
    /// </summary>
    public static ImageTrust? OfContainer(string reference)
    {
        if (UnverifiedPrefixes.Any(prefix => reference.StartsWith(prefix, StringComparison.Ordinal)))
        {
            return Unverified;
        }

        if (reference.StartsWith(SignedImage, StringComparison.Ordinal))
        {
            return Policy;
        }

        foreach (var prefix in (string[])[RemoteRegistry, RemoteImage])
        {
            if (reference.StartsWith(prefix, StringComparison.Ordinal))
            {
                var rest = reference[prefix.Length..];
                return rest.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon ? OfRemote(rest[..colon]) : null;
            }
        }

        return null;
    }

    /// <summary>Of the signature in bootc's status: a word, or an object with the remote. Without one bootc verifies nothing.</summary>
    public static ImageTrust? OfSignature(JsonElement? signature) => signature switch
    {
        null or { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined } => Unverified,
        { ValueKind: JsonValueKind.String } word => word.GetString() switch
        {
            "containerPolicy" => Policy,
            "insecure" => Unverified,
            _ => null,
        },
        { ValueKind: JsonValueKind.Object } policy when policy.TryGetProperty("ostreeRemote", out var remote) && remote.ValueKind == JsonValueKind.String => OfRemote(remote.GetString()!),
        _ => null,
    };

    /// <summary>The reference by which rpm-ostree gets an image of a registry that is verified in the same way.</summary>
    public string ReferenceFor(string repository, string digest) => Kind switch
    {
        TrustKind.Policy => $"{SignedImage}docker://{repository}@{digest}",
        TrustKind.Remote => $"{RemoteRegistry}{Remote}:{repository}@{digest}",
        TrustKind.Unverified => $"{UnverifiedRegistry}{repository}@{digest}",
        _ => throw new InvalidOperationException($"No such kind of verification: {Kind}"),
    };

    private static ImageTrust? OfRemote(string name) => HostArguments.IsRemote(name) ? new ImageTrust(TrustKind.Remote, name) : null;
}
