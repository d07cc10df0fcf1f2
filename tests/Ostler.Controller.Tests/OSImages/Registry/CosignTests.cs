using System.Security.Cryptography;
using System.Text;
using Ostler.Controller.OSImages.Registry;
using Ostler.Rollout.Images;

namespace Ostler.Controller.Tests.OSImages.Registry;

public sealed class CosignTests
{
    private const string Repository = "quay.io/acme/edge";
    private static readonly string Digest = "sha256:" + new string('a', 64);

    public static TheoryData<string> Keys => [.. SigningKeys.Kinds];

    [Theory]
    [MemberData(nameof(Keys))]
    public void A_signature_counts_that_was_made_with_the_key_on_the_digest_under_the_name(string kind)
    {
        var (pem, sign) = Pair(kind);
        var payload = Payload(Repository, Digest);

        Assert.Null(Refuse(pem, payload, sign(payload)));
    }

    [Fact]
    public void Docker_Hub_is_one_under_each_of_its_names()
    {
        var (pem, sign) = Pair("p256");
        var payload = Payload("index.docker.io/library/edge", Digest);

        Assert.Null(Refuse(pem, payload, sign(payload), "docker.io/library/edge"));
    }

    public static TheoryData<string, string> Statements => new()
    {
        { Payload(Repository, "sha256:" + new string('b', 64)), "another digest" },
        { Payload("quay.io/evil/edge", Digest), "was made for \"quay.io/evil/edge\"" },
        { Payload("", Digest), "was made for" },
        { Payload(Repository, Digest).Replace("cosign container image signature", "other", StringComparison.Ordinal), "type \"other\"" },
        { "{}", "type" },
        { "null", "type" },
        { "not json", "is not on a statement of simple signing" },
    };

    [Theory]
    [MemberData(nameof(Statements))]
    public void A_good_signature_on_another_statement_does_not_count(string payload, string why)
    {
        var (pem, sign) = Pair("p256");

        Assert.Contains(why, Refuse(pem, payload, sign(payload)), StringComparison.Ordinal);
    }

    [Fact]
    public void Neither_does_one_of_another_key_or_on_other_bytes_or_without_form()
    {
        var (pem, sign) = Pair("p256");
        var (_, signOther) = Pair("p256");
        var payload = Payload(Repository, Digest);

        Assert.Contains("another key", Refuse(pem, payload, signOther(payload)), StringComparison.Ordinal);
        Assert.Contains("another key", Refuse(pem, payload + " ", sign(payload)), StringComparison.Ordinal);
        Assert.Contains("another key", Refuse(pem, payload, Convert.ToBase64String([1, 2, 3])), StringComparison.Ordinal);
        Assert.Contains("another key", Refuse(pem, payload, ""), StringComparison.Ordinal);
        Assert.Contains("no signature", Refuse(pem, payload, null), StringComparison.Ordinal);
        Assert.Contains("no signature", Refuse(pem, payload, "%%%"), StringComparison.Ordinal);
        Assert.Contains("no signature", Refuse(pem, payload, Convert.ToBase64String(new byte[4096])), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ed25519-small-order", "not safe to use")]
    [InlineData("x25519", "1.3.101.110, which is not supported")]
    [InlineData("private", "PRIVATE KEY")]
    [InlineData("rsa1024", "1024 bits")]
    [InlineData("empty", "not a public key in PEM")]
    [InlineData("garbage", "cannot be read")]
    public void A_key_that_cannot_be_used_is_refused_with_what_to_give(string kind, string why)
    {
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var rsa = RSA.Create(1024);
        var pem = kind switch
        {
            "ed25519-small-order" => "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n-----END PUBLIC KEY-----\n",
            "x25519" => "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VuAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n",
            "private" => ec.ExportPkcs8PrivateKeyPem(),
            "rsa1024" => rsa.ExportSubjectPublicKeyInfoPem(),
            "garbage" => "-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----\n",
            _ => "",
        };

        Assert.False(CosignKey.TryRead(pem, out _, out var problem));
        Assert.Contains(why, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_key_has_the_same_fingerprint_however_it_is_written()
    {
        var (pem, _) = Pair("p256");

        Assert.Equal(Fingerprint(pem), Fingerprint("a comment\n" + pem.ReplaceLineEndings("\r\n") + "\r\n"));
        Assert.NotEqual(Fingerprint(pem), Fingerprint(Pair("p256").Pem));
    }

    private static string Fingerprint(string pem)
    {
        Assert.True(CosignKey.TryRead(pem, out var key, out var problem), problem);
        using (key)
        {
            return key.Fingerprint;
        }
    }

    private static string? Refuse(string pem, string payload, string? signature, string repository = Repository)
    {
        Assert.True(CosignKey.TryRead(pem, out var key, out var problem), problem);
        using (key)
        {
            return CosignSignature.Refuse(key, Encoding.UTF8.GetBytes(payload), signature, new(Digest, [repository]));
        }
    }

    private static (string Pem, Func<string, string> Sign) Pair(string kind)
    {
        var (pem, sign) = SigningKeys.Make(kind);
        return (pem, p => Convert.ToBase64String(sign(Encoding.UTF8.GetBytes(p))));
    }

    private static string Payload(string repository, string digest) =>
        $$$"""{"critical":{"identity":{"docker-reference":"{{{repository}}}"},"image":{"docker-manifest-digest":"{{{digest}}}"},"type":"cosign container image signature"},"optional":{"by":"ci"}}""";
}
