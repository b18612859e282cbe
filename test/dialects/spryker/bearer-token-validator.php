<?php

/**
 * What league/oauth2-server 8.5 with lcobucci/jwt 4 does with a bearer token on the shop's side, in plain PHP: the
 * same checks in the same order, and the identity the shop reads afterwards. Neither library is in Debian.
 *
 * Reads {"pem", "header", "now"} from standard input, writes the request attributes or {"denied": why}.
 */

declare(strict_types=1);

final class AccessDenied extends Exception
{
}

function decode(string $part): string
{
    $decoded = base64_decode(strtr($part, '-_', '+/'), true);
    if ($decoded === false || str_contains($part, '=')) {
        throw new AccessDenied('not base64url');
    }
    return $decoded;
}

/** lcobucci/jwt: Token\Parser. */
function parseToken(string $jwt): array
{
    $parts = explode('.', $jwt);
    if (count($parts) !== 3) {
        throw new AccessDenied('The JWT string must have two dots');
    }
    $headers = json_decode(decode($parts[0]), true, 512, JSON_THROW_ON_ERROR);
    $claims = json_decode(decode($parts[1]), true, 512, JSON_THROW_ON_ERROR);
    if (!is_array($headers) || !is_array($claims) || array_key_exists('enc', $headers)) {
        throw new AccessDenied('not a signed token');
    }
    foreach (['iat', 'nbf', 'exp'] as $date) {
        if (array_key_exists($date, $claims) && !is_numeric($claims[$date])) {
            throw new AccessDenied("$date is no date");
        }
    }
    return [$headers, $claims, "$parts[0].$parts[1]", decode($parts[2])];
}

/** lcobucci/jwt: Validation\Constraint\SignedWith, with Signer\Rsa\Sha256. */
function assertSigned(array $headers, string $payload, string $signature, string $pem): void
{
    if (($headers['alg'] ?? null) !== 'RS256') {
        throw new AccessDenied('Token signer mismatch');
    }
    $key = openssl_pkey_get_public($pem);
    $details = $key === false ? false : openssl_pkey_get_details($key);
    if ($details === false || $details['type'] !== OPENSSL_KEYTYPE_RSA || $details['bits'] < 2048) {
        throw new AccessDenied('no RSA key of 2048 bits');
    }
    if (openssl_verify($payload, $signature, $key, OPENSSL_ALGO_SHA256) !== 1) {
        throw new AccessDenied('Token signature mismatch');
    }
}

/** lcobucci/jwt: Validation\Constraint\LooseValidAt, without leeway. */
function assertValidAt(array $claims, int $now): void
{
    if (isset($claims['iat']) && $claims['iat'] > $now) {
        throw new AccessDenied('The token was issued in the future');
    }
    if (isset($claims['nbf']) && $claims['nbf'] > $now) {
        throw new AccessDenied('The token cannot be used yet');
    }
    if (isset($claims['exp']) && $claims['exp'] <= $now) {
        throw new AccessDenied('The token is expired');
    }
}

/** league/oauth2-server: BearerTokenValidator, and the types its attributes must have. */
function validateRequest(string $header, string $pem, int $now): array
{
    $jwt = trim((string) preg_replace('/^\s*Bearer\s/', '', $header));
    [$headers, $claims, $payload, $signature] = parseToken($jwt);
    assertSigned($headers, $payload, $signature, $pem);
    assertValidAt($claims, $now);
    $audience = (array) ($claims['aud'] ?? []);
    foreach (['jti', 'sub'] as $name) {
        if (!is_string($claims[$name] ?? null)) {
            throw new AccessDenied("$name is no text");
        }
    }
    if (!is_array($claims['scopes'] ?? null) || !array_is_list($claims['scopes'])) {
        throw new AccessDenied('scopes is no list');
    }
    return [
        'oauth_access_token_id' => $claims['jti'],
        'oauth_client_id' => count($audience) === 1 ? $audience[0] : $audience,
        'oauth_user_id' => $claims['sub'],
        'oauth_scopes' => $claims['scopes'],
        'aud_is_text' => is_string($claims['aud'] ?? null),
        // The shop: json_decode of the user id makes the customer identity and its permissions.
        'identity' => json_decode($claims['sub'], true, 512, JSON_THROW_ON_ERROR),
    ];
}

$input = json_decode((string) stream_get_contents(STDIN), true, 512, JSON_THROW_ON_ERROR);
try {
    $answer = validateRequest($input['header'], $input['pem'], $input['now']);
} catch (AccessDenied | JsonException $exception) {
    $answer = ['denied' => $exception->getMessage()];
}
echo json_encode($answer, JSON_THROW_ON_ERROR);
