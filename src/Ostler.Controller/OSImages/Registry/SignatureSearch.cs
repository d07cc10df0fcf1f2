using Ostler.Api.OSImages;
using Ostler.Rollout.Images;

namespace Ostler.Controller.OSImages.Registry;

/// <summary>
/// Looks for a cosign signature of a digest that was made with a key, as a Sigstore bundle or in the legacy format, in each place where one
/// may be. One that counts
/// is enough. Without one, the digest is not resolved.
/// </summary>
/// <remarks>
/// The places are independent: whatever one answers, the others are asked. Registries without the referrers API answer anything from 400 to
/// a page in HTML, and one
/// that has it may lack what was pushed before it had. The tag that stands in for referrers is asked in any case.
/// </remarks>
internal sealed class SignatureSearch(RegistryOptions options)
{
    /// <returns>The format of the signature that counts, one of <see cref="SignatureFormats"/>.</returns>
    /// <exception cref="RegistryException">There is none, or it could not be asked for. Never returns without one that counts.</exception>
    public async Task<string> VerifyAsync(
        IReadOnlyList<RegistrySession> sessions, SignedStatement wanted, CosignKey key, string shown, CancellationToken cancellationToken)
    {
        var found = new FoundSignatures(options.MaxSignatures);
        foreach (var session in sessions)
        {
            if (await SearchAsync(session, wanted, key, found, cancellationToken) is { } format)
            {
                return format;
            }
        }

        throw found.Failure(shown);
    }

    private async Task<string?> SearchAsync(
        RegistrySession session, SignedStatement wanted, CosignKey key, FoundSignatures found, CancellationToken cancellationToken)
    {
        var judge = new SignatureJudge(session, wanted, key, found, options);
        var (legacy, standIn) = (CosignSignature.TagOf(wanted.Digest), SigstoreBundle.TagOf(wanted.Digest));
        (string Place, Func<Task<string?>> Ask)[] places =
        [
            (FoundSignatures.TagName(legacy), () => judge.TagAsync(legacy, cancellationToken)),
            ("referrers API", () => judge.ReferrersAsync(cancellationToken)),
            (FoundSignatures.TagName(standIn), () => judge.TagAsync(standIn, cancellationToken)),
        ];
        foreach (var (place, ask) in places)
        {
            try
            {
                if (await ask() is { } format)
                {
                    return format;
                }

                found.Asked(session.Endpoint.Host, place, "found, but no valid signature");
            }
            catch (RegistryException e)
            {
                found.Failed(session.Endpoint.Host, place, e);
                if (e.RetryAfter is not null)
                {
                    return null;
                }
            }
        }

        return null;
    }
}
