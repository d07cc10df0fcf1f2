using Ostler.Api.OSImages;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Rollout.Validation;

namespace Ostler.Controller.Secrets;

/// <summary>
/// The only way to a Secret: every reader names its purpose, and one that is not marked for it is refused. Never cached, so that one that
/// was rotated counts from the
/// next try on.
/// </summary>
internal sealed class MarkedSecrets(ApiClient client)
{
    /// <param name="reference">Which.</param>
    /// <param name="purpose">One of <see cref="SecretUse"/>.</param>
    /// <param name="name">How messages name it.</param>
    /// <param name="grant">What an administrator grants when it may not be read.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="CheckException">It is missing, may not be read, or is not meant for this; the message says what to do.</exception>
    public async Task<Secret> GetAsync(SecretReference reference, string purpose, string name, string grant, CancellationToken cancellationToken)
    {
        var secret = await ApiCalls.GetAsync(client, CoreResources.Secrets, new(reference.Namespace, reference.Name), name, grant, cancellationToken)
            ?? throw new CheckException($"{name} does not exist");
        return SecretUse.Problem(purpose, (reference.Namespace, reference.Name), secret.Type, secret.Metadata.Labels, secret.Metadata.Annotations) is { } problem
            ? throw new CheckException($"{name} {problem}")
            : secret;
    }
}
