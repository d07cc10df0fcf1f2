using System.Text;

namespace Ostler.Testing.ControlPlane;

/// <summary>Kubeconfig text for one user of one cluster.</summary>
internal sealed record Kubeconfig(Uri Server, string CertificateAuthorityPem, string User, string Credentials, string Namespace = "default")
{
    public static Kubeconfig ForCertificate(Uri server, string certificateAuthority, string user, PemPair certificate) =>
        new(server, certificateAuthority, user, $"""
                client-certificate-data: {Base64(certificate.Certificate)}
                client-key-data: {Base64(certificate.Key)}
            """);

    public static Kubeconfig ForToken(Uri server, string certificateAuthority, string user, string token, string ns) =>
        new(server, certificateAuthority, user, $"    token: {token}", ns);

    /// <summary>The user's name stands in the credentials alone: names such as <c>system:node:a</c> would need quoting.</summary>
    public override string ToString() => $"""
        apiVersion: v1
        kind: Config
        current-context: ostler-test
        clusters:
        - name: ostler-test
          cluster:
            server: {Server.GetLeftPart(UriPartial.Authority)}
            certificate-authority-data: {Base64(CertificateAuthorityPem)}
        contexts:
        - name: ostler-test
          context:
            cluster: ostler-test
            user: ostler-test
            namespace: {Namespace}
        users:
        - name: ostler-test
          user:
        {Credentials}

        """;

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
