// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// An owner who may pass the ownership on, or give it up.
abstract contract Ownable {
    address internal currentOwner;

    event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);

    error NotOwner(address account);

    modifier onlyOwner() {
        _checkOwner();
        _;
    }

    constructor() {
        _passOwnership(msg.sender);
    }

    function owner() public view virtual returns (address) {
        return currentOwner;
    }

    function transferOwnership(address newOwner) external onlyOwner {
        require(newOwner != address(0), "use renounceOwnership");
        _passOwnership(newOwner);
    }

    function renounceOwnership() external virtual onlyOwner {
        _passOwnership(address(0));
    }

    function _checkOwner() internal view virtual {
        if (msg.sender != owner()) revert NotOwner(msg.sender);
    }

    function _passOwnership(address newOwner) internal {
        emit OwnershipTransferred(currentOwner, newOwner);
        currentOwner = newOwner;
    }
}
