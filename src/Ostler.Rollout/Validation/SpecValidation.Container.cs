using Ostler.Api.OSImages;
using Ostler.Api.Shared;
using Ostler.Rollout.Images;

namespace Ostler.Rollout.Validation;

/// <content>Container images.</content>
public static partial class SpecValidation
{
    private static void CheckContainer(ContainerSource container, Problems problems)
    {
        if (!ImageName.TryParse(container.Image, out _, out var problem))
        {
            problems.Invalid("spec.container.image", problem);
        }

        if (container is { CaBundle: not null, CaSecretRef: not null })
        {
            problems.Invalid("spec.container", "set at most one of caBundle and caSecretRef");
        }

        for (var i = 0; i < (container.Mirrors?.Count ?? 0); i++)
        {
            if (!ImageName.TryParse($"{container.Mirrors![i].Location}/x", out var mirror, out _) || !container.Mirrors[i].Location.StartsWith(mirror.Registry, StringComparison.Ordinal))
            {
                problems.Invalid($"spec.container.mirrors[{i}].location", "must be a host, optionally with a port and a path, as in mirror.acme.example:5000/hub");
            }
        }

        if (container.Verification is { } verification)
        {
            CheckVerification(verification, problems);
        }
    }

    private static void CheckVerification(ImageVerification verification, Problems problems)
    {
        const string field = "spec.container.verification";
        if (verification.Cosign is not { } cosign)
        {
            problems.Invalid(field, "set cosign, or remove verification: nothing can pass it as it is");
            return;
        }

        if ((cosign.PublicKey is null) == (cosign.PublicKeySecretRef is null))
        {
            problems.Invalid($"{field}.cosign", "set exactly one of publicKey and publicKeySecretRef");
        }
        else if (cosign.PublicKey is { } pem)
        {
            if (CosignKey.TryRead(pem, out var key, out var problem))
            {
                key.Dispose();
            }
            else
            {
                problems.Invalid($"{field}.cosign.publicKey", problem);
            }
        }

        for (var i = 0; i < (cosign.SignedRepositories?.Count ?? 0); i++)
        {
            var name = cosign.SignedRepositories![i];
            if (!ImageName.TryParse(name, out var reference, out _) || reference is not { Tag: "latest" } || name.EndsWith(":latest", StringComparison.Ordinal))
            {
                problems.Invalid($"{field}.cosign.signedRepositories[{i}]", "must be a repository without tag and digest, as in quay.io/acme/edge-os");
            }
        }
    }
}
