using System.Text;
using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Controller.Secrets;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Rollout.Images;
using Ostler.Rollout.Validation;

namespace Ostler.Controller.OSImages.Registry;

/// <summary>Reads the Secrets that an image names, at each try.</summary>
internal sealed class ImageSecrets(ApiClient client)
{
    private readonly MarkedSecrets _secrets = new(client);

    private const string DockerConfigJson = ".dockerconfigjson";
    private const string DockerConfig = ".dockercfg";
    private const string CaCertificate = "ca.crt";
    private const string PublicKey = "cosign.pub";

    /// <exception cref="RegistryException">It cannot be read.</exception>
    public async Task<PullCredentials> PullCredentialsAsync(SecretReference reference, CancellationToken cancellationToken)
    {
        const string field = "spec.container.pullSecretRef";
        var secret = await GetAsync(reference, SecretUse.Pull, field, cancellationToken);
        var legacy = secret.Data?.ContainsKey(DockerConfigJson) != true;
        var bytes = Bytes(secret, reference, legacy ? DockerConfig : DockerConfigJson, field);
        return PullCredentials.TryRead(bytes, legacy, out var credentials, out var problem)
            ? credentials
            : throw Unreadable($"the Secret {reference.Namespace}/{reference.Name} ({field}) {problem}.");
    }

    /// <summary>The authorities in PEM.</summary>
    public async Task<string> AuthoritiesAsync(SecretReference reference, CancellationToken cancellationToken) =>
        await TextAsync(reference, SecretUse.Pull, CaCertificate, "spec.container.caSecretRef", cancellationToken);

    /// <summary>The key of the spec, or the one in the Secret that it names.</summary>
    public async Task<CosignKey> KeyAsync(CosignVerification cosign, CancellationToken cancellationToken)
    {
        const string field = "spec.container.verification.cosign.publicKeySecretRef";
        if (cosign.PublicKeySecretRef is not { } reference)
        {
            return CosignKey.TryRead(cosign.PublicKey!, out var given, out var why)
                ? given
                : throw new RegistryException(Reasons.Invalid, $"spec.container.verification.cosign.publicKey {why}.");
        }

        return CosignKey.TryRead(await TextAsync(reference, SecretUse.Verification, PublicKey, field, cancellationToken), out var key, out var problem)
            ? key
            : throw Unreadable($"the key {PublicKey} of the Secret {reference.Namespace}/{reference.Name} ({field}) {problem}.");
    }

    private async Task<string> TextAsync(SecretReference reference, string purpose, string key, string field, CancellationToken cancellationToken) =>
        Encoding.UTF8.GetString(Bytes(await GetAsync(reference, purpose, field, cancellationToken), reference, key, field));

    private async Task<Secret> GetAsync(SecretReference reference, string purpose, string field, CancellationToken cancellationToken)
    {
        var name = $"the Secret {reference.Namespace}/{reference.Name} ({field})";
        try
        {
            return await _secrets.GetAsync(reference, purpose, name, $"a Role in {reference.Namespace} like ostler-image-secrets", cancellationToken);
        }
        catch (CheckException e)
        {
            throw Unreadable($"{e.Message}.");
        }
    }

    private static byte[] Bytes(Secret secret, SecretReference reference, string key, string field)
    {
        var name = $"the Secret {reference.Namespace}/{reference.Name} ({field})";
        if (secret.Data?.GetValueOrDefault(key) is not { Length: > 0 } text)
        {
            throw Unreadable($"{name} has no key {key}{(key == DockerConfig ? $" and no key {DockerConfigJson}" : "")}.");
        }

        try
        {
            return Convert.FromBase64String(text);
        }
        catch (FormatException)
        {
            throw Unreadable($"the key {key} of {name} cannot be read.");
        }
    }

    private static RegistryException Unreadable(string message) => new(Reasons.SecretNotReadable, char.ToUpperInvariant(message[0]) + message[1..]);
}
