using System.Security.Cryptography.X509Certificates;
using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Api.Shared;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Connections;
using Ostler.Rollout.Images;
using Ostler.Rollout.OSImages;
using Polly.Registry;

namespace Ostler.Controller.OSImages.Registry;

/// <summary>
/// Finds the tree that a container image names now: tag → digest → the manifest of each platform, verified where the spec asks for it.
/// </summary>
/// <remarks>
/// status.resolved.digest is that of the index, which tags point at and cosign signs. A node gets the digest of its platform's manifest:
/// both bootc and rpm-ostree resolve an index while they pull, report the manifest as booted (imageDigest,
/// container-image-reference-digest) and keep nothing of the index, so that only this digest can be compared with what a host says.
/// </remarks>
internal sealed class ContainerImages(ApiClient client, HttpClient http, ResiliencePipelineRegistry<string> pipelines, RegistryOptions options)
{
    private readonly ImageSecrets _secrets = new(client);
    private readonly SignatureSearch _signatures = new(options);
    private readonly ImageContents _contents = new(options);

    /// <summary>The client that registries want.</summary>
    public static HttpClient CreateHttpClient(OutboundRules? outbound = null) => RegistryTransport.Create(outbound ?? OutboundRules.Default, null);

    /// <summary>One try. What is pinned and known needs no network; a tag that still points at what is known costs one HEAD.</summary>
    /// <param name="image">An image whose spec is valid and has a container.</param>
    /// <param name="cancellationToken">Ends the try.</param>
    public async Task<ResolveOutcome> ResolveAsync(OSImage image, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(options.Timeout, options.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        CosignKey? key = null;
        try
        {
            key = image.Spec.Container!.Verification?.Cosign is { } cosign ? await _secrets.KeyAsync(cosign, both.Token) : null;
            return await ResolveAsync(image, key, both.Token) with { Key = key?.Fingerprint };
        }
        catch (RegistryException e)
        {
            return new(null, e.Reason, e.Message) { Key = key?.Fingerprint, RetryAfter = e.RetryAfter };
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return new(null, Reasons.ResolveFailed, $"{image.Spec.Container!.Image} could not be resolved within {(Duration)options.Timeout}.") { Key = key?.Fingerprint };
        }
        finally
        {
            key?.Dispose();
        }
    }

    private async Task<ResolveOutcome> ResolveAsync(OSImage image, CosignKey? key, CancellationToken cancellationToken)
    {
        var source = image.Spec.Container!;
        if (!ImageName.TryParse(source.Image, out var reference, out var problem))
        {
            throw new RegistryException(Reasons.Invalid, $"spec.container.image: {problem}.");
        }

        var known = Known(image, key);
        if (reference.Digest is not null && known is not null)
        {
            return Of(reference, known);
        }

        var authorities = await AuthoritiesAsync(source, cancellationToken);
        var trusting = authorities is null ? null : RegistryTransport.Create(options.Outbound, authorities);
        using var lease = new LargeContentLease();
        try
        {
            var sessions = await SessionsAsync(source, reference, new(trusting ?? http, pipelines, lease, options), cancellationToken);
            if (known is not null && await StillAsync(sessions, reference, known.Digest, cancellationToken))
            {
                return Of(reference, known);
            }

            var (session, content) = await FetchAsync(sessions, reference.TagOrDigest, cancellationToken);
            string? format = null;
            if (key is not null)
            {
                var repositories = source.Verification!.Cosign!.SignedRepositories is { Count: > 0 } others ? [.. others.Select(NameOf)] : new[] { reference.Name };
                format = await _signatures.VerifyAsync(sessions, new(content.Digest, repositories), key, reference.At(content.Digest), cancellationToken);
            }

            var described = await _contents.DescribeAsync(image, session, content, cancellationToken);
            return Of(reference, described with { VerifiedWith = key?.Fingerprint, SignatureFormat = format });
        }
        finally
        {
            trusting?.Dispose();
            foreach (var authority in authorities ?? [])
            {
                authority.Dispose();
            }
        }
    }

    private static ResolveOutcome Of(ImageName reference, ResolvedImage resolved) => reference.Digest is null
        ? new(resolved, Reasons.Resolved, $"{reference} is {resolved.Digest}.")
        : new(resolved, Reasons.Pinned, $"spec.container.image pins {resolved.Digest}.");

    // What the status says counts for just this spec, and only if this very key verified it. After a failure it may still speak of a former
    // one.
    private static ResolvedImage? Known(OSImage image, CosignKey? key) =>
        image.Status is { Resolved: { } resolved } status && status.ObservedGeneration == image.Metadata.Generation && OSImageStatusRules.IsOf(image.Spec, resolved)
        && !ResolveOutcome.IsFailure(status.Conditions.Find(ConditionTypes.Ready)?.Reason ?? "")
        && (key is null || (resolved.VerifiedWith == key.Fingerprint && status.Conditions.IsTrue(ConditionTypes.Verified)))
            ? resolved
            : null;

    private async Task<X509Certificate2Collection?> AuthoritiesAsync(ContainerSource source, CancellationToken cancellationToken) => source switch
    {
        { CaSecretRef: { } secret } => RegistryTransport.ReadAuthorities(await _secrets.AuthoritiesAsync(secret, cancellationToken), $"the Secret {secret.Namespace}/{secret.Name}"),
        { CaBundle: { } bundle } => RegistryTransport.ReadAuthorities(bundle, "spec.container.caBundle"),
        _ => null,
    };

    private async Task<IReadOnlyList<RegistrySession>> SessionsAsync(
        ContainerSource source, ImageName reference, RegistryExchange exchange, CancellationToken cancellationToken)
    {
        var credentials = source.PullSecretRef is { } secret ? await _secrets.PullCredentialsAsync(secret, cancellationToken) : PullCredentials.None;
        return
        [
            .. RegistryEndpoint.Of(source, reference).Select(endpoint =>
            {
                var credential = credentials.For(endpoint.Host, endpoint.Repository);
                var hint = credential is not null ? $"the {credential} in the Secret {source.PullSecretRef!.Namespace}/{source.PullSecretRef.Name} was refused."
                    : credentials.MalformedFor(endpoint.Host, endpoint.Repository) is { } malformed
                        ? $"the entry for {RegistryErrorText.Safe(malformed)} in the Secret {source.PullSecretRef!.Namespace}/{source.PullSecretRef.Name} is not user:password in base64."
                    : source.PullSecretRef is { } named ? $"the Secret {named.Namespace}/{named.Name} has no entry for {endpoint.Host}/{endpoint.Repository}."
                    : "the request was anonymous: name a Secret with credentials in spec.container.pullSecretRef.";
                return new RegistrySession(endpoint, credential, hint, exchange, options);
            }),
        ];
    }

    /// <summary>
    /// Whether the tag still points at what is known. That the registry has not lied about matters little: the known digest is the one that
    /// stays.
    /// </summary>
    private static async Task<bool> StillAsync(IReadOnlyList<RegistrySession> sessions, ImageName reference, string known, CancellationToken cancellationToken)
    {
        foreach (var session in sessions)
        {
            try
            {
                return await session.HeadAsync(reference.TagOrDigest, cancellationToken) == known;
            }
            catch (RegistryException e) when (e.RetryAfter is null)
            {
                // A HEAD has no words to tell why; the GET that follows has.
            }
        }

        return false;
    }

    /// <summary>From the first that has it. What is told when none has is what the registry itself said, being the last.</summary>
    private static async Task<(RegistrySession Session, RegistryContent Content)> FetchAsync(
        IReadOnlyList<RegistrySession> sessions, string pointer, CancellationToken cancellationToken)
    {
        RegistryException? failed = null;
        foreach (var session in sessions)
        {
            try
            {
                return (session, await session.ManifestAsync(pointer, cancellationToken));
            }
            catch (RegistryException e)
            {
                failed = e;
            }
        }

        throw failed!;
    }

    private static string NameOf(string repository) => ImageName.TryParse(repository, out var parsed, out _) ? parsed.Name : repository;
}
