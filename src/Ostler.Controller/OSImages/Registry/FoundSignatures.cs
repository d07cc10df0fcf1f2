using System.Globalization;
using Ostler.Api.Meta;
using Ostler.Api.OSImages;

namespace Ostler.Controller.OSImages.Registry;

/// <summary>What a search for signatures has found so far, where it looked, and how it ends when none counts.</summary>
internal sealed class FoundSignatures(int most)
{
    private readonly List<(string Format, string Why)> _refused = [];
    private readonly List<string> _others = [];
    private readonly List<(string Host, string Place, string Answer)> _places = [];
    private RegistryException? _unknown;

    /// <summary>Whether enough signatures were looked at. Who may push could make the search endless.</summary>
    public bool IsFull => _refused.Count + _others.Count >= most;

    public void Add(string format, SignatureVerdict verdict)
    {
        if (verdict.IsSignature)
        {
            Refused(format, verdict.Why);
        }
        else
        {
            _others.Add(verdict.Why);
        }
    }

    public void Refused(string format, string why) => _refused.Add((format, why));

    /// <summary>A place answered.</summary>
    public void Asked(string host, string place, string answer) => _places.Add((host, place, answer));

    /// <summary>A place answered that there is nothing, or did not answer.</summary>
    public void Failed(string host, string place, RegistryException failure)
    {
        _places.Add((host, place, RegistryErrorText.Safe(failure.Answer ?? failure.Message)));
        if (!failure.IsDefinite)
        {
            _unknown = failure;
        }
    }

    /// <summary>A tag as it is shown: with the beginning of the digest, which the message has in full already.</summary>
    public static string TagName(string tag)
    {
        const int shown = 19;
        return $"tag {tag[..shown]}…{(tag.EndsWith(".sig", StringComparison.Ordinal) ? ".sig" : "")}";
    }

    public RegistryException Failure(string shown)
    {
        if (_refused.Count > 0)
        {
            var count = _refused.Count == 1
                ? "1 signature, which is not valid"
                : string.Create(CultureInfo.InvariantCulture, $"{_refused.Count} signatures, none of which is valid");
            var why = string.Join("; ", _refused.Distinct().Take(3).Select(r => $"the {SignatureFormats.Shown(r.Format)} {r.Why}"));
            return new(Reasons.VerificationFailed, $"{shown} has {count}: {why}. No node gets it.");
        }

        if (_unknown is not null)
        {
            return new(Reasons.ResolveFailed, $"Whether {shown} is signed is unknown. {Places()} Last error: {_unknown.Message}")
            {
                RetryAfter = _unknown.RetryAfter,
            };
        }

        var others = _others.Count == 0 ? "" : $", only {string.Join(", ", _others.Distinct().Take(3))}";
        return new(
            Reasons.NotSigned, $"{shown} has no signature{others}. No node gets it. Sign it with cosign sign --key. {Places()}");
    }

    private string Places() =>
        string.Join(' ', _places.GroupBy(p => p.Host)
            .Select(g => $"Searched at {g.Key}: {string.Join(", ", g.Select(p => $"{p.Place} ({p.Answer})"))}."));
}
