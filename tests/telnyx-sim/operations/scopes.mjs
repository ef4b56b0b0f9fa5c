/*
 * operations/scopes.mjs - within what a command_id is unique
 */

export const accountScope = () => 'account';

export const callScope = ({ params }) => `call ${params.call_control_id}`;

export const conferenceScope = ({ params }) => `conference ${params.id}`;
