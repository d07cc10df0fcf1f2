using System.Text;
using Ostler.Controller.OSImages.Registry;
using Ostler.Rollout.Images;
using Ostler.Testing.Registries;

namespace Ostler.Controller.Tests.OSImages.Registry;

/// <summary>Bundles as cosign 3 writes them, and everything that they must not be taken for.</summary>
public sealed class SigstoreBundleTests
{
    private static readonly string Digest = "sha256:" + new string('a', 64);

    public static TheoryData<string> Keys => [.. SigningKeys.Kinds];

    [Theory]
    [MemberData(nameof(Keys))]
    public void A_bundle_counts_that_was_made_with_the_key_on_the_digest(string kind)
    {
        var (pem, sign) = SigningKeys.Make(kind);

        Assert.Equal(SignatureVerdict.Good, Judge(pem, SigstoreBundles.Bundle(SigstoreBundles.Statement(Digest), sign)));
    }

    /// <summary>Made by cosign 3.1.1 (Debian 3.1.1-2) with a key of each kind; the Ed25519 one is signed as Ed25519ph.</summary>
    public static TheoryData<string, string, string> Recorded => new()
    {
        {
            "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEkrTd78g0CGy5AgOkb98xCVqtO+yo9XWmSEzzJV8f6xguq9Jqvw/oYoxo20PsxULz0eBLSDgn/H+emr8uX9iTMw==",
            "sha256:9be5fa833f60cc6248ee913079f748a6cd60aeb4be76efd52419b0bd48ac794b",
            """{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":"mPL+MpA4OcnIUVALZ9mmNKpm1JJC8S0cmlObqZA7iDc="}},"dsseEnvelope":{"payload":"eyJfdHlwZSI6Imh0dHBzOi8vaW4tdG90by5pby9TdGF0ZW1lbnQvdjEiLCJzdWJqZWN0IjpbeyJkaWdlc3QiOnsic2hhMjU2IjoiOWJlNWZhODMzZjYwY2M2MjQ4ZWU5MTMwNzlmNzQ4YTZjZDYwYWViNGJlNzZlZmQ1MjQxOWIwYmQ0OGFjNzk0YiJ9LCJhbm5vdGF0aW9ucyI6e319XSwicHJlZGljYXRlVHlwZSI6Imh0dHBzOi8vc2lnc3RvcmUuZGV2L2Nvc2lnbi9zaWduL3YxIiwicHJlZGljYXRlIjp7fX0=","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"MEUCID1f5/ey5QJd5KH2EYQEctHXF6GMb/xrb8Rlkmy3NRxrAiEA5gzJfGlBmOhDssv2zCsQX0M9t9HalfUlU/7LldHvg8Y="}]}}"""
        },
    };

    [Theory]
    [MemberData(nameof(Recorded))]
    public void A_bundle_of_cosign_3_counts(string key, string digest, string bundle) =>
        Assert.Equal(SignatureVerdict.Good, Judge($"-----BEGIN PUBLIC KEY-----\n{key}\n-----END PUBLIC KEY-----\n", bundle, digest));

    public static TheoryData<string, string> Statements => new()
    {
        { SigstoreBundles.Statement("sha256:" + new string('b', 64)), "signs another digest, sha256:bbb" },
        { SigstoreBundles.Statement(Digest).Replace("sha256\":", "sha512\":", StringComparison.Ordinal), "signs another digest, none" },
        { SigstoreBundles.Statement(Digest).Replace(new string('a', 64), new string('A', 64), StringComparison.Ordinal), "signs another digest" },
        { SigstoreBundles.Statement(Digest, type: "https://evil.example/Statement/v1"), "something other" },
        { SigstoreBundles.Statement(Digest, predicate: ""), "something other" },
        { """{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"https://sigstore.dev/cosign/sign/v1"}""", "none" },
        { """{"_type":"https://in-toto.io/Statement/v1","subject":[null],"predicateType":"https://sigstore.dev/cosign/sign/v1"}""", "none" },
        { "{}", "something other" },
        { "null", "something other" },
        { "not json", "something other" },
    };

    [Theory]
    [MemberData(nameof(Statements))]
    public void A_good_signature_on_another_statement_does_not_count(string statement, string why)
    {
        var (pem, sign) = SigningKeys.Make("p256");

        var verdict = Judge(pem, SigstoreBundles.Bundle(statement, sign));

        Assert.False(verdict.Counts);
        Assert.Contains(why, verdict.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void An_attestation_is_not_taken_for_a_signature_nor_for_a_failed_one()
    {
        var (pem, sign) = SigningKeys.Make("p256");

        var verdict = Judge(pem, SigstoreBundles.Bundle(SigstoreBundles.Statement(Digest, "https://slsa.dev/provenance/v1"), sign));

        Assert.Equal((false, false), (verdict.Counts, verdict.IsSignature));
        Assert.Contains("slsa.dev/provenance", verdict.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bundle_of_another_key_and_a_keyless_one_are_told_apart()
    {
        var (pem, _) = SigningKeys.Make("p256");
        var (_, other) = SigningKeys.Make("p256");
        var statement = SigstoreBundles.Statement(Digest);

        Assert.Contains("another key", Judge(pem, SigstoreBundles.Bundle(statement, other)).Why, StringComparison.Ordinal);
        Assert.Contains("keyless", Judge(pem, SigstoreBundles.Bundle(statement, other, """{"certificate":{"rawBytes":"AAAA"}}""")).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void No_mutated_bundle_counts()
    {
        var refused = 0;
        foreach (var kind in new[] { "p256", "ed25519-ph" })
        {
            var (pem, sign) = SigningKeys.Make(kind);
            var good = SigstoreBundles.Bundle(SigstoreBundles.Statement(Digest), sign);
            Assert.True(Judge(pem, good).Counts);
            foreach (var mutant in Mutants(good))
            {
                Assert.False(Judge(pem, mutant).Counts, Encoding.UTF8.GetString(mutant));
                refused++;
            }
        }

        Assert.True(refused > 1500, $"{refused}");
    }

    /// <summary>
    /// Each byte changed, each prefix, each part removed, doubled or replaced. Only the hint is spared: it is no part of what is verified.
    /// </summary>
    private static IEnumerable<byte[]> Mutants(string good)
    {
        var bytes = Encoding.UTF8.GetBytes(good);
        var hint = good.IndexOf("{\"hint\"", StringComparison.Ordinal);
        var hintEnd = good.IndexOf('}', hint);
        for (var i = 0; i < bytes.Length; i++)
        {
            if (i >= hint && i <= hintEnd)
            {
                continue;
            }

            foreach (var bit in new byte[] { 0x01, 0x20 })
            {
                var flipped = bytes.ToArray();
                flipped[i] ^= bit;

                // "}" and "]" become "|" and "\\"; a digit may become a control character; none may be skipped over.
                yield return flipped;
            }

            if (i % 7 == 0)
            {
                yield return bytes[..i];
                yield return [.. bytes[..i], .. bytes[(i + 1)..]];
                yield return [.. bytes[..(i + 1)], bytes[i], .. bytes[(i + 1)..]];
            }
        }

        foreach (var part in Parts(good))
        {
            yield return Encoding.UTF8.GetBytes(part);
        }
    }

    private static IEnumerable<string> Parts(string good)
    {
        string Change(string from, string to)
        {
            Assert.Contains(from, good, StringComparison.Ordinal);
            return good.Replace(from, to, StringComparison.Ordinal);
        }

        var payload = good.Split("\"payload\":\"")[1].Split('"')[0];
        var signature = good.Split("\"sig\":\"")[1].Split('"')[0];
        var other = Convert.ToBase64String(Encoding.UTF8.GetBytes(SigstoreBundles.Statement("sha256:" + new string('b', 64))));
        yield return Change(payload, other);
        yield return Change(payload, "");
        yield return Change(payload, payload + " ");
        yield return Change($"\"payload\":\"{payload}\"", $"\"payload\":\"{other}\",\"payload\":\"{payload}\"");
        yield return Change($"\"payload\":\"{payload}\"", $"\"payload\":\"{payload}\",\"payload\":\"{other}\"");
        yield return Change($"\"payload\":\"{payload}\"", "\"payload\":null");
        yield return Change(signature, "");
        yield return Change(signature, Convert.ToBase64String(new byte[64]));
        yield return Change(signature, Convert.ToBase64String(new byte[Convert.FromBase64String(signature).Length]));
        yield return Change($"[{{\"sig\":\"{signature}\"}}]", "[]");
        yield return Change($"[{{\"sig\":\"{signature}\"}}]", "[null]");
        yield return Change($"[{{\"sig\":\"{signature}\"}}]", "null");
        yield return Change($"{{\"sig\":\"{signature}\"}}", $"{{\"sig\":\"{signature}\"}},{{\"sig\":\"{signature}\"}}");
        yield return Change("application/vnd.in-toto+json", "application/json");
        yield return Change(".v0.3+json", ".v0.4+json");
        yield return Change(SigstoreBundles.PublicKey, "{}");
        yield return Change(SigstoreBundles.PublicKey, "null");
        yield return Change("\"dsseEnvelope\"", "\"messageSignature\"");
        yield return $"[{good}]";
        yield return good + good;
        yield return "{\"a\":[" + string.Concat(Enumerable.Repeat("{},", 60_000)) + "{}]," + good[1..];
        yield return new string('[', 5000);
    }

    private static SignatureVerdict Judge(string pem, string bundle, string? digest = null) => Judge(pem, Encoding.UTF8.GetBytes(bundle), digest);

    private static SignatureVerdict Judge(string pem, byte[] bundle, string? digest = null)
    {
        Assert.True(CosignKey.TryRead(pem, out var key, out var problem), problem);
        using (key)
        {
            return SigstoreBundle.Judge(key, bundle, digest ?? Digest);
        }
    }
}
