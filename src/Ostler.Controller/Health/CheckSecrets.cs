using System.Text;
using Ostler.Api.OSImages;
using Ostler.Controller.Secrets;
using Ostler.Kubernetes.Client;
using Ostler.Rollout.Validation;

namespace Ostler.Controller.Health;

/// <summary>Reads a key of a Secret when a check needs it.</summary>
internal sealed class CheckSecrets(ApiClient client)
{
    private readonly MarkedSecrets _secrets = new(client);

    /// <exception cref="CheckException">It cannot be read; the message says what to do.</exception>
    public async Task<string> ReadAsync(SecretReference secret, string key, CancellationToken cancellationToken)
    {
        var name = $"the Secret {secret.Namespace}/{secret.Name}";
        var found = await _secrets.GetAsync(secret, SecretUse.HealthCheck, name, "the Role ostler-health-checks", cancellationToken);
        if (found.Data?.GetValueOrDefault(key) is not { Length: > 0 } text)
        {
            throw new CheckException($"{name} has no key {key}");
        }

        try
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(text));
        }
        catch (FormatException)
        {
            throw new CheckException($"the key {key} of {name} cannot be read");
        }
    }
}
