// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {StandardToken} from "base/StandardToken.sol";

interface ITokensReceiver {
    function tokensReceived(address from, address to, uint256 value) external;
}

/// Honest: tells receivers who asked for it, like ERC-777; nobody can register a hook for another.
contract ReceiverHook is StandardToken {
    mapping(address holder => address) public receiverHook;

    constructor(string memory name_, string memory symbol_, uint256 supply) StandardToken(name_, symbol_, supply) {}

    function setReceiverHook(address hook) external {
        receiverHook[msg.sender] = hook;
    }

    function _update(address from, address to, uint256 value) internal override {
        _write(from, to, value);
        address hook = receiverHook[to];
        if (hook != address(0)) ITokensReceiver(hook).tokensReceived(from, to, value);
    }
}
